"""How the one trainer meets any family: features in, named losses out, optimisers on request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict

from woodshed.roles.adopting import Adopted, take_over
from woodshed.roles.examples import DataSpec, Example, Features

FEW_SOUNDS = 100  # fewer are learned from in another way: all count, and the model stays near them


class FamilyConfig(BaseModel):
    """Everything that fixes a family's architecture and training; frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: int = 32


@dataclass(frozen=True)
class OptimiserPlan:
    """One optimiser with its shape over time: a linear rise, a plateau, and a linear fall to zero.

    ``rise`` is a number of steps, ``fall`` the share of all steps over which the rate falls at the end.
    """

    optimiser: torch.optim.Optimizer
    rise: int = 50
    fall: float = 0.6

    def factor(self, step: int, total_steps: int) -> float:
        """What the learning rate is multiplied with at a step.

        Examples
        --------
        >>> plan = OptimiserPlan(torch.optim.SGD([torch.zeros(1)], lr=1.0), rise=10, fall=0.5)
        >>> plan.factor(4, 100), plan.factor(30, 100), plan.factor(75, 100)
        (0.5, 1.0, 0.5)
        """
        up = min(1.0, (step + 1) / max(1, self.rise))
        start = total_steps * (1.0 - self.fall)
        down = 1.0 if step <= start else max(0.0, (total_steps - step) / max(1.0, total_steps - start))
        return min(up, down)


class Trainable(torch.nn.Module, ABC):
    """A family of model, as the trainer and the model file see it.

    A family is final: one class with its ``Config``, its ``PRESETS`` (one of them ``debug``) and its ``REFERENCES``.
    Every tensor of the module, weights and data-derived buffers alike, must already have its final shape after
    ``__init__``: a model file is loaded into a freshly built module. No tensor may hold audio in any form.
    """

    family: ClassVar[str]
    role: ClassVar[str]
    Config: ClassVar[type[FamilyConfig]]
    PRESETS: ClassVar[Mapping[str, FamilyConfig]]
    REFERENCES: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.spec = spec
        self.seed = seed

    @classmethod
    def settings_for(cls, sounds: int, *, base: FamilyConfig | None = None) -> Mapping[str, object]:
        """What in its configuration should be otherwise than usual, or than the base's, for so many sounds."""
        del sounds, base
        return {}

    @abstractmethod
    def fit(self, examples: Iterable[Example], *, seed: int) -> None:
        """Set what follows from the data in closed form (means, bases) in one streaming pass; called once."""

    def adopt(self, base: Trainable) -> Adopted:
        """Begin where a model of the same family ended, in place of `fit`; its classes must all be among this one's.

        A class the base does not know begins as the one with the nearest name, or as the mean of all.

        Raises
        ------
        HandshakeError
            If the two do not fit together.
        """
        return take_over(self.state_dict(), base.state_dict(), classes=self.spec.classes, known=base.spec.classes)

    def refit(self, examples: Iterable[Example], *, seed: int) -> None:
        """After `adopt`, learn how the new sounds are spread (lengths, levels, counts) in one streaming pass.

        What gives features and weights their meaning (means, bases) stays the base's.
        """

    @abstractmethod
    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """Turn sounds into features in one streaming pass, with augmented copies if asked; keeps no audio in memory."""

    def settle(self, features: Features, *, seed: int) -> None:
        """After `encode`, keep what the model shall know of its training features as a whole; most keep nothing."""

    @abstractmethod
    def training_step(self, batch: Mapping[str, torch.Tensor], *, seed: int) -> dict[str, torch.Tensor]:
        """Named losses of one batch; all randomness comes from ``seed``."""

    @abstractmethod
    def optimisers(self) -> list[OptimiserPlan]:
        """Fresh optimisers over this module's parameters."""

    def loss_weights(self) -> Mapping[str, float]:
        """How much each named loss counts; a loss not named here counts 1."""
        return {}

    def forward(self, batch: Mapping[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
        """The training step, under the name that data-parallel wrappers call."""
        return self.training_step(batch, seed=seed)


class Rehearses(Trainable):
    """A model that, beside new sounds, can learn what its base makes, so that it forgets less."""

    @abstractmethod
    def rehearse(self, base: Trainable, *, count: int, seed: int) -> Features:
        """Features of so many sounds that a base of the same family makes anew. No sound that taught it is read."""
