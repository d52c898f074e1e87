"""Beginning where another model ended: which tensors are taken over, and where new classes begin."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from woodshed.base.errors import HandshakeError


@dataclass(frozen=True)
class Adopted:
    """Names of tensors: taken as they were, and grown by rows for new classes."""

    whole: tuple[str, ...]
    grown: tuple[str, ...]


def take_over(
    own: dict[str, Tensor], base: dict[str, Tensor], *, classes: Sequence[str], known: Sequence[str]
) -> Adopted:
    """Copy a base's tensors into a model's, in place.

    A tensor of the same shape is copied whole. One that has a row per class (and perhaps a last one for any class) is
    copied row by row; the row of a new class starts as that of the class with the nearest name, else as the mean.

    Parameters
    ----------
    own, base
        State dicts.
    classes, known
        Class names of the model and of its base, in the order of their numbers.

    Raises
    ------
    HandshakeError
        If some tensor fits neither way.

    Examples
    --------
    >>> own, base = {"rows": torch.zeros(3, 1)}, {"rows": torch.tensor([[1.0], [5.0]])}
    >>> _ = take_over(own, base, classes=("kick", "kick 2"), known=("kick",))  # the last row stands for any class
    >>> own["rows"].flatten().tolist()
    [1.0, 1.0, 5.0]
    """
    if own.keys() != base.keys():
        raise _unlike(sorted(own.keys() ^ base.keys()))
    rows = [_begins_as(name, known) for name in classes]
    same = tuple(classes) == tuple(known)
    grown = []
    for name, tensor in own.items():
        by_class = not same and _by_class(tensor, base[name], len(classes), len(known))
        if not by_class and tensor.shape != base[name].shape:
            raise _unlike([name])
        with torch.no_grad():
            tensor.copy_(_spread(base[name], rows, len(known)) if by_class else base[name])
        grown += [name] if by_class else []
    return Adopted(tuple(name for name in own if name not in grown), tuple(grown))


def _begins_as(name: str, known: Sequence[str]) -> int | None:
    """The number of the class a class begins as: itself, the nearest name, or None for the mean of all."""
    near = [name] if name in known else difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return list(known).index(near[0]) if near else None


def _by_class(own: Tensor, base: Tensor, classes: int, known: int) -> bool:
    if own.dim() == 0 or own.shape[1:] != base.shape[1:]:
        return False
    return (own.shape[0] - classes) == (base.shape[0] - known) and own.shape[0] - classes in (0, 1)


def _spread(base: Tensor, rows: Sequence[int | None], known: int) -> Tensor:
    mean = base[:known].float().mean(0).to(base.dtype) if known else base[-1]
    made = [mean if row is None else base[row] for row in rows]
    return torch.stack([*made, *base[known:]])


def _unlike(names: Sequence[str]) -> HandshakeError:
    shown = ", ".join(names[:3])
    return HandshakeError(
        f"The model cannot begin from this base: {shown} has another shape",
        cause="rate, channels or a setting of the network differ from the base's",
        way_out="leave out --rate and --set of the network's size, or train without --base",
    )
