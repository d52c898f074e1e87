"""Weights that a training could end with, and the choice among them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from woodshed.base.files import atomic_path
from woodshed.roles import Trainable
from woodshed.training.averaging import MIDDLE, learning

KEPT_ON_THE_WAY = 4


@dataclass(frozen=True)
class Candidate:
    """Averaged weights of some step; `into` lays them into the model, in place.

    Attributes
    ----------
    step, length
        After which step, and over which share of the training they are averaged.
    held_out
        Their loss on held-out sounds; None where there are none.
    final
        Whether they stand at the end of the training, not on the way.
    """

    name: str
    step: int
    length: float
    held_out: float | None
    final: bool
    tensors: Callable[[], dict[str, Tensor]]

    @torch.no_grad()
    def into(self, model: Trainable) -> None:
        """Give the model these weights."""
        found = self.tensors()
        for name, tensor in learning(model).items():
            tensor.copy_(found[name])


Chooser = Callable[[Sequence[Candidate]], int | None]


def least_held_out(candidates: Sequence[Candidate], *, early: bool = False) -> int | None:
    """The number of the candidate with the least held-out loss; those on the way count only if ``early``.

    Without held-out sounds None: nothing is known that could choose.

    Examples
    --------
    >>> made = [Candidate("a", 10, 0.1, loss, True, dict) for loss in (0.5, 0.4)]
    >>> least_held_out(made)
    1
    """
    losses = [one.held_out if one.held_out is not None and (early or one.final) else math.inf for one in candidates]
    best = min(range(len(losses)), key=losses.__getitem__, default=None)
    return None if best is None or losses[best] == math.inf else best


def usual(candidates: Sequence[Candidate], *, early: bool = False) -> int:
    """The number of the candidate that is taken where nobody chooses: `least_held_out`, or the middle final average.

    Examples
    --------
    >>> usual([Candidate("a", 10, length, None, True, dict) for length in (0.05, 0.1, 0.2)])
    1
    """
    number = least_held_out(candidates, early=early)
    if number is None:
        return next(at for at, one in enumerate(candidates) if one.final and one.length == MIDDLE)
    return number


class OnTheWay:
    """Weights kept at judgings, as files in the run's folder; of many the best few stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, tensors: dict[str, Tensor], *, step: int, held_out: float) -> None:
        """Write one, and let the worst go."""
        with atomic_path(self.folder / f"step{step:08d}.safetensors") as temporary:
            save_file(
                {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
                temporary,
                {"held_out": repr(held_out)},
            )
        for _, _, path in sorted(self._entries())[KEPT_ON_THE_WAY:]:
            path.unlink(missing_ok=True)

    def candidates(self, *, length: float, before: int) -> list[Candidate]:
        """Those kept before a step, the earliest first."""
        found = sorted((step, loss, path) for loss, step, path in self._entries() if step < before)
        return [
            Candidate(f"step {step}", step, length, loss, final=False, tensors=lambda path=path: _read(path))
            for step, loss, path in found
        ]

    def clear(self) -> None:
        """Forget those of an earlier run."""
        for _, _, path in self._entries():
            path.unlink(missing_ok=True)

    def _entries(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("step*.safetensors"):
            with safe_open(path, framework="pt") as file:
                found.append((float((file.metadata() or {})["held_out"]), int(path.stem[4:]), path))
        return found


def _read(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
