"""One step of training: batches in, gradients added up, weights moved."""

from __future__ import annotations

import contextlib

import torch
from accelerate import Accelerator
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.roles import Features, OptimiserPlan, Trainable
from woodshed.training.adapting import Pull
from woodshed.training.averaging import learning
from woodshed.training.optimising import planned
from woodshed.training.settings import RunSettings

HELD_OUT_BATCHES = 4


class Stepper:
    """Moves a model's weights by one step at a time; every draw follows from seed and step.

    Parameters
    ----------
    model
        On the device of ``accelerator``, with its final set of learning weights.
    shared
        Whether gradients are shared with other processes.
    """

    def __init__(
        self, model: Trainable, *, settings: RunSettings, accelerator: Accelerator, seed: int, shared: bool
    ) -> None:
        self.model, self.settings, self.accelerator, self.seed = model, settings, accelerator, seed
        self.weights = list(learning(model).values())
        self.plans: list[OptimiserPlan] = planned(model, settings)
        self.rates = [[group["lr"] for group in plan.optimiser.param_groups] for plan in self.plans]
        self.called = accelerator.prepare_model(model) if shared else model
        self.pull: Pull | None = None
        self.factor = 1.0  # of the first learning rate, at this step

    @property
    def optimisers(self) -> list[torch.optim.Optimizer]:
        """All optimisers, in a fixed order."""
        return [plan.optimiser for plan in self.plans]

    @property
    def rate(self) -> float:
        """The first learning rate, at its height."""
        return self.rates[0][0]

    def set_rates(self, step: int, total: int, *, factor: float) -> None:
        """Set every learning rate to its place on its curve."""
        self.factor = factor * self.plans[0].factor(step, total)
        for plan, rates in zip(self.plans, self.rates, strict=True):
            here = factor * plan.factor(step, total)
            for group, rate in zip(plan.optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * here

    def step(self, features: Features, *, step: int) -> Tensor:
        """Take one step; gives the mean loss, still on its device."""
        batches = self._batches(features, step)
        for plan in self.plans:
            plan.optimiser.zero_grad(set_to_none=True)
        losses = []
        for number, indices in enumerate(batches):
            last = number + 1 == len(batches)
            with contextlib.nullcontext() if last else self.accelerator.no_sync(self.called):
                loss = self._loss(features.batch(indices), self._seed("step", step, number))
                self.accelerator.backward(loss / len(batches))
            losses.append(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.most_gradient, foreach=True)
        for plan in self.plans:
            plan.optimiser.step()
        if self.pull:
            self.pull.after_step(self.factor)
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean()

    def _loss(self, batch: dict[str, Tensor], seed: int) -> Tensor:
        low = self.settings.precision == "bf16"
        with torch.autocast(self.accelerator.device.type, dtype=torch.bfloat16, enabled=low):
            return weighed(self.model, self.called(batch, seed))

    def _batches(self, features: Features, step: int) -> tuple[Tensor, ...]:
        """Numbers of the examples of this step: one draw, dealt out to the batches that are added up."""
        count = self.model.config.batch_size * self.settings.accumulate
        drawn = draw(features, count, seed=self._seed("batch", step, 0))
        return drawn.to(next(iter(features.tensors.values())).device).chunk(self.settings.accumulate)

    def _seed(self, name: str, step: int, number: int) -> int:
        place = (step, self.accelerator.process_index, number) if number else (step, self.accelerator.process_index)
        return derive_seed(self.seed, name, *place)


def weighed(model: Trainable, losses: dict[str, Tensor]) -> Tensor:
    """The one number that is made small."""
    weights = model.loss_weights()
    return torch.stack([weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()


def draw(features: Features, count: int, *, seed: int) -> Tensor:
    """Numbers of random examples, with repetition, as often as their weights say; ``(count,)``."""
    generator = torch.Generator().manual_seed(seed)
    if features.weights is None:
        return torch.randint(len(features), (count,), generator=generator)
    return torch.multinomial(features.weights.cpu().double(), count, replacement=True, generator=generator)


@torch.no_grad()
def held_out_loss(model: Trainable, features: Features, *, seed: int, batches: int = HELD_OUT_BATCHES) -> float:
    """Mean weighted loss over a fixed draw of held-out examples; the same draw at every call."""
    plain = Features(features.tensors)
    values = []
    for number in range(batches):
        indices = draw(plain, model.config.batch_size, seed=derive_seed(seed, "judge", number))
        losses = model.training_step(features.batch(indices), seed=derive_seed(seed, "judge-step", number))
        values.append(weighed(model, losses))
    return float(torch.stack(values).mean())
