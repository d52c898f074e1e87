"""The one object that owns library, model shelf, runs and outputs of a folder."""

from woodshed.tasks.train import TrainingOrder
from woodshed.workspace.doctor import Finding, examine
from woodshed.workspace.workspace import Withdrawal, Workspace, describe_model

__all__ = ["Finding", "TrainingOrder", "Withdrawal", "Workspace", "describe_model", "examine"]
