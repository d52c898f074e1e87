"""The demo in a workspace of its own, under the demo's folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from woodshed.base.events import EventSink, ignore
from woodshed.base.files import file_word
from woodshed.workflows.demo import DemoOrder, DemoReport, run_demo
from woodshed.workspace.workspace import Workspace


def run_demo_in(order: DemoOrder, *, on_event: EventSink = ignore) -> DemoReport:
    """Run the demo; everything it writes, the workspace included, lies under ``order.folder``.

    Each folder of sounds gets a workspace of its own, so that a model learns from the sounds that were named alone.
    """
    order.require_sounds()
    return run_demo(Workspace(order.folder / _workspace_name(order.sounds)).bench, order, on_event=on_event)


def _workspace_name(sounds: Path | None) -> str:
    if sounds is None:
        return "workspace"
    digest = hashlib.blake2b(os.fsencode(sounds.absolute()), digest_size=4).hexdigest()
    return f"workspace-{file_word(sounds.absolute().name)}-{digest}"
