"""The running average of weights that generates better than the weights themselves."""

from __future__ import annotations

import torch

from woodshed.roles import Trainable


class WeightAverage:
    """Exponential moving average of parameters; buffers are taken as they are.

    The decay rises from 0 towards ``decay`` so that early, bad weights are forgotten: step 9 keeps a half,
    step 990 keeps 0.99.
    """

    def __init__(self, model: Trainable, *, decay: float = 0.999) -> None:
        self.decay = decay
        self.tensors = {name: tensor.detach().clone() for name, tensor in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: Trainable, *, step: int) -> None:
        """Take in the weights after a step (counted from 0)."""
        keep = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in model.named_parameters():
            self.tensors[name].lerp_(tensor.detach(), 1.0 - keep)

    @torch.no_grad()
    def swap(self, model: Trainable) -> None:
        """Exchange average and weights in place; a second call undoes it."""
        for name, tensor in model.named_parameters():
            kept = tensor.detach().clone()
            tensor.copy_(self.tensors[name])
            self.tensors[name].copy_(kept)
