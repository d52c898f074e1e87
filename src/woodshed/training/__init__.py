"""The one training loop that fits any family, and the folder a run lives in."""

from woodshed.training.budget import Budget, parse_budget
from woodshed.training.memorisation_report import MemorisationReport
from woodshed.training.run import Run, RunState
from woodshed.training.trainer import TrainedModel, TrainingPlan, train

__all__ = ["Budget", "MemorisationReport", "Run", "RunState", "TrainedModel", "TrainingPlan", "parse_budget", "train"]
