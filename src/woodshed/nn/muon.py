"""Muon: steps whose every direction counts alike, for the weight matrices inside a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_SLOPE, _BEND, _FIFTH = 3.4445, -4.7750, 2.0315  # of the quintic that drives all singular values towards 1


class Muon(torch.optim.Optimizer):
    """Momentum, then the nearest matrix with all singular values near 1, scaled to the size of an AdamW step.

    Parameters
    ----------
    weights
        Matrices ``(out, in)`` only; vectors, embeddings and convolutions belong to another optimiser.
    lr, weight_decay
        As one would give AdamW: each step is scaled to the same root mean square.
    momentum
        Share of the past in the running gradient; the step looks one gradient ahead (Nesterov).
    turns
        Iterations of the quintic.

    References
    ----------
    Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks" (iteration and coefficients);
    Liu et al. 2025, "Muon is scalable for LLM training", arXiv:2502.16982 (scale of the step, weight decay).

    Examples
    --------
    >>> weight = torch.nn.Parameter(torch.zeros(4, 6))
    >>> optimiser = Muon([weight], lr=0.1)
    >>> weight.grad = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    >>> _ = optimiser.step()
    >>> bool((torch.linalg.svdvals(weight.detach()) > 0.02).all())
    True
    """

    def __init__(
        self, weights: Iterable[Tensor], *, lr: float, weight_decay: float = 0.0, momentum: float = 0.95, turns: int = 5
    ) -> None:
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "turns": turns})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # noqa: ARG002 - part of the interface
        """Take one step; matrices of one shape are worked on together."""
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes.setdefault(tuple(weight.shape), []).append(weight)
            for shape, weights in shapes.items():
                ahead = torch.stack([self._ahead(weight, group["momentum"]) for weight in weights])
                steps = near_orthogonal(ahead, turns=group["turns"]) * (0.2 * math.sqrt(max(shape)))
                for weight, step in zip(weights, steps, strict=True):
                    weight.mul_(1.0 - group["lr"] * group["weight_decay"]).sub_(step, alpha=group["lr"])

    def _ahead(self, weight: Tensor, momentum: float) -> Tensor:
        assert weight.grad is not None
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(weight.grad, 1.0 - momentum)
        return torch.lerp(weight.grad, state["momentum"], momentum)


def near_orthogonal(matrices: Tensor, *, turns: int = 5) -> Tensor:
    """Matrices ``(count, out, in)`` with the same directions, singular values brought to about 1 (0.7 to 1.2).

    The quintic is run on the small Gram matrix and applied to the tall one once, which on a processor takes half
    the time.

    Examples
    --------
    >>> made = near_orthogonal(torch.diag(torch.tensor([1.0, 0.5, 0.1]))[None])
    >>> bool((torch.linalg.svdvals(made[0]) - 1).abs().max() < 0.4)
    True
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    whole = torch.eye(x.shape[1], dtype=x.dtype, device=x.device).expand_as(gram)
    for turn in range(turns):
        once = _SLOPE * torch.eye(x.shape[1], dtype=x.dtype, device=x.device) + torch.baddbmm(
            _BEND * gram, gram, gram, alpha=_FIFTH
        )
        whole = once @ whole if turn else once
        if turn + 1 < turns:
            gram = once @ gram @ once
    made = whole @ x
    return made.mT if tall else made
