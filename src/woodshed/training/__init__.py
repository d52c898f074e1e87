"""The one training loop that fits any family, and the folder a run lives in."""

from woodshed.training.budget import Budget, parse_budget
from woodshed.training.choosing import Candidate, Chooser
from woodshed.training.control import Control, read_control, write_control
from woodshed.training.memorisation_report import MemorisationReport
from woodshed.training.plan import TrainedModel, TrainingPlan
from woodshed.training.run import Change, Run, RunState
from woodshed.training.runs import Runs
from woodshed.training.settings import RunSettings, parse_setting
from woodshed.training.trainer import train

__all__ = [
    "Budget",
    "Candidate",
    "Change",
    "Chooser",
    "Control",
    "MemorisationReport",
    "Run",
    "RunSettings",
    "RunState",
    "Runs",
    "TrainedModel",
    "TrainingPlan",
    "parse_budget",
    "parse_setting",
    "read_control",
    "train",
    "write_control",
]
