"""The demo in a workspace of its own, under the demo's folder."""

from __future__ import annotations

from woodshed.base.events import EventSink, ignore
from woodshed.workflows.demo import DemoOrder, DemoReport, run_demo
from woodshed.workspace.workspace import Workspace


def run_demo_in(order: DemoOrder, *, on_event: EventSink = ignore) -> DemoReport:
    """Run the demo; everything it writes, the workspace included, lies under ``order.folder``."""
    return run_demo(Workspace(order.folder / "workspace").bench, order, on_event=on_event)
