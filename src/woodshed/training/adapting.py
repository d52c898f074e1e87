"""Fine-tuning: a pull towards the base's weights, and low-rank changes that are merged in the end."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from woodshed.roles import Trainable
from woodshed.sampling import seeded_generator
from woodshed.training.averaging import learning, move_towards

_STRENGTH = 2.0  # of a low-rank change against its learning rate


class Pull:
    """Draws weights back to where they began, a little after each step.

    The penalty on the distance to the base is applied beside the optimiser, as AdamW applies its decay, so that the
    optimiser's scaling does not undo it.

    References
    ----------
    Li et al. 2018, "Explicit inductive bias for transfer learning with convolutional networks", arXiv:1802.01483.
    """

    def __init__(self, model: Trainable, *, base: dict[str, Tensor], strength: float, rate: float) -> None:
        own = learning(model)
        self.weights: list[Tensor] = [own[name] for name in base if name in own]
        self.base = [base[name] for name in base if name in own]
        self.share = strength * rate

    @torch.no_grad()
    def after_step(self, factor: float) -> None:
        """Go back a share of the way; ``factor`` is that of the learning rate at this step."""
        if self.weights and self.share:
            move_towards(self.weights, self.base, share=min(1.0, self.share * factor))


class LowRank(nn.Module):
    """A weight plus the product of two thin matrices; the product starts at zero.

    References
    ----------
    Hu et al. 2021, "LoRA: low-rank adaptation of large language models", arXiv:2106.09685.
    """

    def __init__(self, weight: Tensor, *, rank: int, seed: int) -> None:
        super().__init__()
        wide, deep = weight.shape
        start = torch.randn(rank, deep, generator=seeded_generator(seed, "low rank")) / deep**0.5
        self.down = nn.Parameter(start.to(weight))
        self.up = nn.Parameter(weight.new_zeros(wide, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + _STRENGTH * (self.up @ self.down)


def add_low_rank(model: Trainable, *, rank: int, seed: int) -> int:
    """Let each linear layer learn only a low-rank change; other matrices stay, vectors and embeddings learn.

    Returns how many numbers learn now.
    """
    for module in list(model.modules()):
        if isinstance(module, nn.Embedding):
            continue
        for name, tensor in list(module.named_parameters(recurse=False)):
            if tensor.dim() < 2:
                continue
            tensor.requires_grad_(False)
            if isinstance(module, nn.Linear) and min(tensor.shape) > rank:
                change = LowRank(tensor.detach(), rank=rank, seed=seed + tensor.numel())
                parametrize.register_parametrization(module, name, change)
    return sum(tensor.numel() for tensor in learning(model).values())


def merge_low_rank(model: Trainable) -> None:
    """Write the changes into the weights; afterwards the model is as any other."""
    for module in list(model.modules()):
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    for tensor in model.parameters():
        tensor.requires_grad_(True)
