"""Noise that depends on one request's seed and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed


def seeded_generator(seed: int, *path: str | int) -> torch.Generator:
    """A generator of its own for one use of a seed."""
    return torch.Generator().manual_seed(derive_seed(seed, *path))


def request_noise(seeds: Sequence[int], *, shape: tuple[int, ...], name: str = "noise") -> Tensor:
    """White Gaussian noise, ``(len(seeds), *shape)``: each row from its own seed, whatever stands beside it.

    Examples
    --------
    >>> alone = request_noise([7], shape=(2, 3))
    >>> among = request_noise([1, 7, 2], shape=(2, 3))
    >>> bool((alone[0] == among[1]).all())
    True
    """
    rows = [torch.randn(shape, generator=seeded_generator(seed, name)) for seed in seeds]
    return torch.stack(rows) if rows else torch.zeros(0, *shape)
