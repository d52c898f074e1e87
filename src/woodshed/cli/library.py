"""`woodshed library`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say, show_table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Sounds you may use: what they are, where they lie, what goes together.",
)

_NAMED = 8  # skipped files named on the screen
_EXPECTED = ("not a sound file", "hidden file or folder", "folder already visited through another link")

Query = Annotated[
    str, typer.Argument(help="Which sounds: class:kick,snare bpm:90..120 owner:NAME -path:*old* or a part of a name.")
]
SoundName = Annotated[str, typer.Argument(metavar="SOUND", help="Path, file name, or the beginning of a content id.")]


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help="Folder of sounds, or one file.")],
    mine: Annotated[bool, typer.Option("--mine", help="These sounds are my own; everything is allowed.")] = False,
    owner: Annotated[str | None, typer.Option(help="Whose the sounds are.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", "--license", help="SPDX id, such as CC0-1.0.")] = None,
    evidence: Annotated[Path | None, typer.Option(help="A document that proves it; it is filed.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="A purpose the owner allows; may be repeated.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that listen; all cores unless given.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Add a folder of sounds. A second time, only what is new or changed is read."""
    from woodshed.workspace import Workspace

    library, statement = Workspace(workspace).library, {"owner": owner, "mine": mine, "licence": licence}
    with progress(as_json) as on_event:
        report = library.add(
            folder, **statement, evidence=evidence, allow=allow or (), jobs=jobs, on_event=on_event
        )  # fmt: skip
    emit(report.as_json(), as_json, lambda: _tell_scan(report.as_json()))


@app.command()
def ls(query: Query = "", workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List sounds."""
    from woodshed.workspace import Workspace

    found = Workspace(workspace).library.items(query)
    items = [item.as_json() | {"sound": item.name, "id": item.content_id[:8]} for item in found]
    columns = ["id", "sound", "class_name", "kind", "group", "duration_s", "sample_rate_hz", "channels"]
    shown = ["id", "sound", "class", "kind", "group", "s", "Hz", "ch"]
    emit(items, as_json, lambda: show_table(shown, [[item[name] for name in columns] for item in items]))


@app.command()
def show(
    sound: SoundName,
    fingerprint: Annotated[
        bool, typer.Option("--fingerprint", help="Also the fingerprint, for opt-out lists.")
    ] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known of a sound, and what it may be used for."""
    from woodshed.workspace import Workspace

    library = Workspace(workspace).library
    item = library.item(sound)
    facts = item.as_json()
    facts["uses"] = library.uses(item)
    facts |= {"fingerprint": library.fingerprint_text(item)} if fingerprint else {}
    rows = [[name, value] for name, value in facts.items() if name not in ("tags", "uses") and value not in (None, "")]
    rows += [[f"for {purpose}", permission] for purpose, permission in facts["uses"].items()]
    emit(facts, as_json, lambda: show_table(["what", "value"], rows))


@app.command()
def relabel(
    sound: SoundName,
    class_name: Annotated[str | None, typer.Option("--class", help="What it is, such as kick.")] = None,
    group: Annotated[str | None, typer.Option(help="The kit, instrument, song or speaker it belongs to.")] = None,
    kind: Annotated[str | None, typer.Option(help="oneshot, loop, note or another word.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Correct what a sound is. Your word stands above names and manifests."""
    from woodshed.workspace import Workspace

    item = Workspace(workspace).library.relabel(sound, class_name=class_name, group=group, kind=kind)
    emit(item.as_json(), as_json, lambda: say(f"{item.name}: {item.kind}, class {item.class_name}, group {item.group}"))


@app.command()
def groups(workspace: WorkspaceFolder = None, as_json: AsJson = False) -> None:
    """List what is never split between training and held-out: kits, joined with near duplicates."""
    from woodshed.workspace import Workspace

    found = Workspace(workspace).library.groups()
    rows: list[list[object]] = [[g.name, len(g.content_ids), g.near_pairs, ", ".join(g.kits)] for g in found]
    emit(found, as_json, lambda: show_table(["group", "sounds", "near pairs", "kits"], rows))


@app.command()
def rm(
    query: Query,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Take sounds out of the library. Files stay where they are; the ledger remembers."""
    from woodshed.workspace import Workspace

    library = Workspace(workspace).library
    count = len(library.items(query))
    if count and not yes and not as_json:
        typer.confirm(f"Take {count} sounds out of the library?", abort=True)
    removed = [item.as_json() for item in library.remove(query)]
    emit({"removed": removed}, as_json, lambda: say(f"{len(removed)} sounds were taken out; their files stay."))


@app.command()
def relocate(
    old: Annotated[Path, typer.Argument(help="Where the folder (or file) was.")],
    new: Annotated[Path, typer.Argument(help="Where it is now.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Follow a folder that was moved. Nothing is decoded."""
    from woodshed.workspace import Workspace

    report = Workspace(workspace).library.relocate(old, new)
    counts = {name: len(paths) for name, paths in report.as_json().items()}
    told = "{moved} files found at their new place, {not_found} not there, {different} hold something else."
    emit(report.as_json(), as_json, lambda: say(told.format(**counts)))


@app.command()
def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Read all audio again.")] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Check the library file, the ledger and every known file. Exit code 10 if something is amiss."""
    from woodshed.workspace import Workspace

    with progress(as_json) as on_event:
        report = Workspace(workspace).library.verify(deep=deep, on_event=on_event)
    facts = report.as_json()
    rows = [[name, len(value) if isinstance(value, list) else value] for name, value in facts.items()]
    emit(facts, as_json, lambda: show_table(["checked", "found"], rows))
    if not report.whole:
        raise typer.Exit(10)


def _tell_scan(report: dict[str, object]) -> None:
    def count(name: str) -> int:
        value = report[name]
        return len(value) if isinstance(value, list) else int(str(value))

    names = ("added", "unchanged", "renamed", "retagged", "copies", "skipped", "missing", "relabelled", "near_pairs")
    rows: list[list[object]] = [[name.replace("_", " "), count(name)] for name in names if count(name)]
    reasons = report["reasons"]
    if isinstance(reasons, dict):
        rows += [[f"  skipped: {reason}", number] for reason, number in reasons.items()]
    if not rows:
        say("No files lie there, so nothing was added. Check the folder's name, or export sounds into it.")
        return
    show_table(["files", "count"], rows)
    _tell_skipped(report["skipped"])
    say(f"{count('consented')} sounds were spoken for; {count('without_consent')} have no owner yet.")


def _tell_skipped(skipped: object) -> None:
    """The first files that gave no sound, by name; what nobody takes for a sound is only counted."""
    entries = [one for one in skipped if one["reason"] not in _EXPECTED] if isinstance(skipped, list) else []
    for one in entries[:_NAMED]:
        detail = f" ({one['detail']})" if one["detail"] else ""
        say(f"skipped: {one['path']}: {one['reason']}{detail}")
    if len(entries) > _NAMED:
        say(f"... and {len(entries) - _NAMED} more; --json names every one")
