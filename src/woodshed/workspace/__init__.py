"""The one object that owns library, model shelf, runs and outputs of a folder."""

from woodshed.workspace.doctor import Finding, examine
from woodshed.workspace.workspace import Withdrawal, Workspace

__all__ = ["Finding", "Withdrawal", "Workspace", "examine"]
