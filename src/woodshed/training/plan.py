"""What a training is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from woodshed.roles import Trainable
from woodshed.training.budget import Budget
from woodshed.training.run import Change
from woodshed.training.settings import RunSettings


@dataclass(frozen=True)
class TrainingPlan:
    """What fixes a run: repeat it with the same sounds and it gives the same model on the same machine.

    ``reserve_s`` seconds of the budget are kept for what the caller does in previews and when choosing.
    """

    budget: Budget
    seed: int = 0
    augment: bool = True
    settings: RunSettings = field(default_factory=RunSettings)
    reserve_s: float = 0.0


@dataclass(frozen=True)
class TrainedModel:
    """The model with the chosen weights, and the facts of its training."""

    model: Trainable
    steps: int
    planned_steps: int
    seconds: float
    stopped_early: bool
    loss_first: float
    loss_last: float
    loss_held_out: float | None
    verdict: str
    device: str = "cpu"
    cpu_seconds: float = 0.0
    chosen: str = ""
    changes: tuple[Change, ...] = ()
