"""What tests of the workspace share."""

from __future__ import annotations

from woodshed.base.events import Event, EventSink, Progress
from woodshed.workspace import Workspace


def stopper(workspace: Workspace, name: str) -> EventSink:
    """What stops a run after its first step, as a person would."""

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "training" and event.done == 1:
            (workspace.folder / "runs" / name / "cancel").write_text("stop")

    return stop
