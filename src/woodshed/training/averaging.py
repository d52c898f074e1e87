"""Running averages of weights, several lengths at once; which of them is kept is chosen after training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from woodshed.roles import Trainable

LENGTHS = (0.05, 0.1, 0.2)
MIDDLE = 0.1  # the one that is judged and heard on the way


class WeightAverages:
    """Averages of the weights that learn, each over a fixed share of the training so far (power law).

    A length of 0.1 means: the profile over past steps has a standard deviation of 10 % of the training's duration, so
    early, bad weights are forgotten whatever the number of steps. Buffers are taken as they are.

    References
    ----------
    Karras et al. 2024, "Analyzing and improving the training dynamics of diffusion models", arXiv:2312.02696, eq. 1-2.
    """

    def __init__(self, model: Trainable, *, lengths: tuple[float, ...] = LENGTHS) -> None:
        self.powers = {length: power_of(length) for length in lengths}
        self.tensors: dict[float, dict[str, Tensor]] = {
            length: {name: tensor.detach().clone() for name, tensor in learning(model).items()} for length in lengths
        }

    @torch.no_grad()
    def update(self, model: Trainable, *, step: int) -> None:
        """Take in the weights after a step (counted from 0)."""
        weights = [tensor.detach() for tensor in learning(model).values()]
        for length, power in self.powers.items():
            keep = (1.0 - 1.0 / (step + 1)) ** (power + 1.0)
            move_towards(list(self.tensors[length].values()), weights, share=1.0 - keep)

    @torch.no_grad()
    def swap(self, model: Trainable, *, length: float = MIDDLE) -> None:
        """Exchange an average and the weights in place; a second call undoes it."""
        averages = self.tensors[length]
        for name, tensor in learning(model).items():
            kept = tensor.detach().clone()
            tensor.copy_(averages[name])
            averages[name].copy_(kept)


def move_towards(tensors: list[Tensor], targets: list[Tensor], *, share: float) -> None:
    """Move every tensor a share of the way to its target, all in one call."""
    torch._foreach_lerp_(tensors, targets, share)  # pyright: ignore[reportPrivateImportUsage]


def learning(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters that are trained, by name."""
    return {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}


def power_of(length: float) -> float:
    """The exponent of the power law whose profile has this standard deviation, as a share of the training.

    Examples
    --------
    >>> round(power_of(0.1), 2), round(power_of(0.05), 2)
    (6.94, 16.97)
    """
    inverse = length**-2
    roots = np.roots([1.0, 7.0, 16.0 - inverse, 12.0 - inverse])
    return float(roots.real.max())
