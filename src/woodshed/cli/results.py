"""What the making commands share: call a verb and show what it delivered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from woodshed.base.knobs import KnobValue
from woodshed.cli.render import emit, progress, say, show_table


def show_made(
    verb: str,
    model: str | None,
    sounds: Sequence[str] = (),
    *,
    out: Path,
    template: str,
    workspace: Path | None,
    as_json: bool,
    settings: dict[str, KnobValue],
) -> None:
    """Do what a verb says with some sounds, and a model unless it needs none, and list the files."""
    from woodshed.workspace import Workspace

    with progress(as_json) as on_event:
        delivered = Workspace(workspace).make(
            verb, model, *sounds, folder=out, template=template, on_event=on_event, **settings
        )
    columns = ["file", "class", "seconds", "channels", "seed"]
    rows = [
        [one.path, one.receipt.class_name, round(one.sound.duration_s, 3), one.sound.channels, one.receipt.seed]
        for one in delivered
    ]
    if any(one.receipt.take_of for one in delivered):
        columns.append("further take of")
        rows = [[*row, one.receipt.take_words()] for row, one in zip(rows, delivered, strict=True)]

    def table() -> None:
        show_table(columns, rows)
        if over := [one for one in delivered if one.sound.peak > 1.0]:
            loudest = max(one.sound.peak for one in over)
            some = over[0].path.name if len(over) == 1 else f"{len(over)} files"
            say(f"Over full scale (peak {loudest:.3f}), so kept as 32-bit float instead of clipped: {some}.")
        say("Receipts lie inside and beside the files: woodshed show FILE, woodshed cite FILE.")

    emit([{"path": one.path, "receipt": one.receipt} for one in delivered], as_json, table)
