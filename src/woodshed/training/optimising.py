"""Which optimiser works on which weights."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from woodshed.nn import Muon
from woodshed.roles import OptimiserPlan, Trainable
from woodshed.training.settings import RunSettings


def planned(model: Trainable, settings: RunSettings) -> list[OptimiserPlan]:
    """A family's own plans under a run's settings: faster AdamW, other rates, Muon where it is asked for."""
    inner = {id(weight) for weight in inner_weights(model)} if settings.optimiser == "muon" else set()
    made: list[OptimiserPlan] = []
    for plan in model.optimisers():
        for group in plan.optimiser.param_groups:
            group["lr"] *= settings.learning_rate_factor
        made += _split(plan, inner) if type(plan.optimiser) is torch.optim.AdamW else [plan]
    return made


def inner_weights(model: Trainable) -> list[Tensor]:
    """Matrices of the linear layers in a network's repeated blocks, those that steer from outside left out."""
    found: list[Tensor] = []
    for blocks in model.modules():
        if isinstance(blocks, nn.ModuleList):
            for name, layer in blocks.named_modules():
                if isinstance(layer, nn.Linear) and not name.endswith("steer") and min(layer.weight.shape) >= 16:
                    found.append(layer.weight)
    return found


def _split(plan: OptimiserPlan, inner: set[int]) -> list[OptimiserPlan]:
    """AdamW in its fused form on what is left when the inner weights go to Muon."""
    made: list[OptimiserPlan] = []
    rest, matrices = [], []
    for group in plan.optimiser.param_groups:
        shared = {key: group[key] for key in ("lr", "betas", "eps", "weight_decay", "amsgrad")}
        learning = [weight for weight in group["params"] if weight.requires_grad]
        rest.append({**shared, "params": [weight for weight in learning if id(weight) not in inner]})
        matrices += [(weight, group) for weight in learning if id(weight) in inner]
    rest = [group for group in rest if group["params"]]
    if rest:
        made.append(replace(plan, optimiser=torch.optim.AdamW(rest, fused=True)))
    if matrices:
        group = matrices[0][1]
        weights = [weight for weight, _ in matrices]
        made.append(replace(plan, optimiser=Muon(weights, lr=group["lr"], weight_decay=group["weight_decay"])))
    return made
