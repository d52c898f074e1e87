"""Beside new sounds, those that the base makes itself: what is rehearsed is not forgotten."""

from __future__ import annotations

import torch
from torch import Tensor

from woodshed.roles import Features

REHEARSED = 400  # sounds that the base makes for it


def beside(features: Features, rehearsed: Features, *, share: float) -> Features:
    """Both together; so large a share of what is drawn is rehearsed. What one side does not know is 0 there.

    Parameters
    ----------
    features, rehearsed
        Of the new sounds, and of the base's own.
    share
        0 to 1.

    Examples
    --------
    >>> new, own = Features({"level": torch.ones(2)}), Features({"level": torch.zeros(2), "asked": torch.ones(2)})
    >>> both = beside(new, own, share=0.25)
    >>> both.tensors["asked"].tolist(), both.weights.tolist()
    ([0.0, 0.0, 1.0, 1.0], [0.375, 0.375, 0.125, 0.125])

    References
    ----------
    Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal", Connection Science 7.
    """
    sides = (features, rehearsed)
    like = {name: tensor for side in sides for name, tensor in side.tensors.items()}
    tensors = {name: torch.cat([_known(side, name, like=one) for side in sides]) for name, one in like.items()}
    weights = [_shares(side) * part for side, part in zip(sides, (1.0 - share, share), strict=True)]
    return Features(tensors, torch.cat(weights))


def _known(side: Features, name: str, *, like: Tensor) -> Tensor:
    found = side.tensors.get(name)
    return like.new_zeros(len(side), *like.shape[1:]) if found is None else found


def _shares(side: Features) -> Tensor:
    weights = torch.ones(len(side)) if side.weights is None else side.weights.float()
    return weights / weights.sum()
