"""What the three making commands share: call the workspace's verb and show what it delivered."""

from __future__ import annotations

from pathlib import Path

from woodshed.base.knobs import KnobValue
from woodshed.cli.render import emit, progress, say, show_table


def show_delivered(
    verb: str,
    arguments: tuple[str, ...],
    out: Path,
    template: str,
    workspace: Path | None,
    as_json: bool,
    settings: dict[str, KnobValue],
) -> None:
    """Run ``Workspace.generate``, ``vary`` or ``blend`` and list the files."""
    from woodshed.workspace import Workspace

    method = getattr(Workspace(workspace), verb)
    named = {"template": template} if template else {}
    with progress(as_json) as on_event:
        delivered = method(*arguments, folder=out, on_event=on_event, **named, **settings)
    rows = [
        [one.path, one.receipt.class_name, round(one.sound.duration_s, 3), one.sound.channels, one.receipt.seed]
        for one in delivered
    ]

    def table() -> None:
        show_table(["file", "class", "seconds", "channels", "seed"], rows)
        say("Receipts lie inside and beside the files: woodshed show FILE, woodshed cite FILE.")

    emit([{"path": one.path, "receipt": one.receipt} for one in delivered], as_json, table)
