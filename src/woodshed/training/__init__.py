"""The one training loop that fits any family, and the folder a run lives in."""

from woodshed.training.budget import Budget, parse_budget
from woodshed.training.choosing import Candidate, Chooser
from woodshed.training.control import Control, read_control, write_control
from woodshed.training.plan import TrainedModel, TrainingPlan
from woodshed.training.run import Change, Run, RunState
from woodshed.training.settings import RunSettings
from woodshed.training.trainer import train

__all__ = [
    "Budget",
    "Candidate",
    "Change",
    "Chooser",
    "Control",
    "Run",
    "RunSettings",
    "RunState",
    "TrainedModel",
    "TrainingPlan",
    "parse_budget",
    "read_control",
    "train",
    "write_control",
]
