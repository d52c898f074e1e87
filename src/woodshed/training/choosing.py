"""Which of the last saved averages becomes the model: the best on held-out sounds among those that do not copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from woodshed.roles import Trainable

SAVED_AT = (0.6, 0.8, 1.0)
"""Shares of the planned steps after which the averaged weights are kept in memory."""


@dataclass(frozen=True)
class Candidate:
    """Averaged weights of one moment, and their loss on held-out sounds (None where nothing is held out)."""

    step: int
    weights: dict[str, torch.Tensor]
    loss_held_out: float | None


Choose = Callable[[Trainable, Sequence[Candidate]], int]
"""Given the model and the candidates in order of their steps, says which is to be kept."""


def take_weights(model: Trainable, candidate: Candidate) -> None:
    """Put a candidate's weights into the model."""
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            tensor.copy_(candidate.weights[name].to(tensor.device, tensor.dtype))


def is_due(step: int, total: int) -> bool:
    """Whether a candidate is kept after this step.

    Examples
    --------
    >>> [step for step in range(1, 11) if is_due(step, 10)]
    [6, 8, 10]
    """
    return any(step == max(1, round(share * total)) for share in SAVED_AT)


def chosen(candidates: Sequence[Candidate], *, copies_inside: Callable[[Candidate], bool]) -> tuple[int, str]:
    """The candidate with the best held-out loss whose copies lie inside the null; asked for as few as possible.

    Where none does, the earliest: it had the least time to learn by heart.

    Parameters
    ----------
    copies_inside
        Judges one candidate; costly.

    Returns
    -------
    tuple
        Its number, and a sentence for the verdict; no sentence where the last one was taken.

    Examples
    --------
    >>> found = [Candidate(step, {}, loss) for step, loss in ((6, 1.0), (8, 0.8), (10, 0.9))]
    >>> chosen(found, copies_inside=lambda one: one.step < 8)
    (0, 'The weights of step 6 were taken: others copy more than chance.')
    """
    last = len(candidates) - 1
    best_first = sorted(range(last + 1), key=lambda at: (_loss(candidates[at]), -candidates[at].step))
    for tries, at in enumerate(best_first):
        if copies_inside(candidates[at]):
            if at == last:
                return at, ""
            why = "they do best on sounds it never heard" if tries == 0 else "others copy more than chance"
            return at, f"The weights of step {candidates[at].step} were taken: {why}."
    return 0, f"The weights of step {candidates[0].step} were taken, but even they copy more than chance."


def _loss(candidate: Candidate) -> float:
    return float("-inf") if candidate.loss_held_out is None else candidate.loss_held_out
