"""Where what was drawn meets what is known: each band goes on from where the known sound leaves it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

EDGE_STEPS = 4  # known steps that say where a band stands at a seam
_MOST_EVENED = 20.0 * math.log(10.0) / 10.0
_SILENT = 25.0 * math.log(10.0) / 10.0  # above the floor
_ATTACK = 3.0 * math.log(10.0) / 10.0


def evening(drawn: Tensor, *, before: Tensor | None, after: Tensor | None, floor: float, fading_steps: float) -> Tensor:
    """What to add to drawn bands ``(steps, bands)`` so that they go on from one known level and lead up to another.

    A level that is as good as silent asks for nothing, nor does an attack that follows. After the end of a sound
    nothing rises above what it had come down to.

    Parameters
    ----------
    before, after
        Levels ``(bands,)`` on either side; None where the sound begins or ends.

    Examples
    --------
    >>> drawn = torch.zeros(40, 1)
    >>> change = evening(drawn, before=torch.ones(1), after=-torch.ones(1), floor=-16.0, fading_steps=50)
    >>> [round(float(change[n, 0]), 1) for n in (0, 20, 39)]
    [1.0, -0.0, -1.0]
    """
    count = len(drawn)
    place = (torch.arange(count) + 0.5)[:, None]
    edge = min(EDGE_STEPS, count)
    change = torch.zeros_like(drawn)
    if before is not None:
        miss = (before - drawn[:edge].mean(0)).clamp(-_MOST_EVENED, _MOST_EVENED)
        silent = before < floor + _SILENT
        if after is not None:
            return change + torch.where(silent, 0.0, miss) * (1 - place / count) + _lead_up(drawn, before, after, floor)
        fading = torch.where(miss > 0, (-place / fading_steps).exp(), torch.ones(()))
        return change + torch.where(silent & (miss > 0), 0.0, miss) * fading
    if after is not None:
        miss = torch.where(after < floor + _SILENT, 0.0, after - drawn[count - edge :].mean(0))
        return change + miss.clamp(-_MOST_EVENED, _MOST_EVENED) * (-(count - place) / (0.2 * fading_steps)).exp()
    return change


def _lead_up(drawn: Tensor, before: Tensor, after: Tensor, floor: float) -> Tensor:
    count = len(drawn)
    place = (torch.arange(count) + 0.5)[:, None]
    miss = (after - drawn[-min(EDGE_STEPS, count) :].mean(0)).clamp(-_MOST_EVENED, _MOST_EVENED)
    strange = (after < floor + _SILENT) | (after > before + _ATTACK)
    return torch.where(strange, 0.0, miss) * place / count


def level_before(envelope: Tensor) -> Tensor:
    """Where each band will stand after the last known steps, going by how it falls, ``(bands,)``."""
    last, earlier = envelope[-EDGE_STEPS:].mean(0), envelope[-3 * EDGE_STEPS : -EDGE_STEPS]
    if len(earlier) < EDGE_STEPS:
        return last
    slope = (last - earlier.mean(0)) / (EDGE_STEPS + len(earlier)) * 2  # per step
    return last + EDGE_STEPS * slope.clamp(-0.35, 0.0)
