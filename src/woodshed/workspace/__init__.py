"""The one object that owns library, model shelf, runs and outputs of a folder."""

from woodshed.tasks.evaluate import summary_table
from woodshed.tasks.train import TrainingOrder
from woodshed.training import parse_setting
from woodshed.workflows.demo import DemoOrder, DemoReport
from woodshed.workspace.demo import run_demo_in
from woodshed.workspace.doctor import Finding, examine
from woodshed.workspace.workspace import Withdrawal, Workspace

__all__ = [
    "DemoOrder",
    "DemoReport",
    "Finding",
    "TrainingOrder",
    "Withdrawal",
    "Workspace",
    "examine",
    "parse_setting",
    "run_demo_in",
    "summary_table",
]
