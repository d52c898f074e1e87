"""`woodshed consent`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.base.errors import UsageError
from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, say, show_table

if TYPE_CHECKING:
    from woodshed.workspace import Withdrawal, Workspace

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Who allowed what, for which sounds. What nobody allowed is not allowed.",
)

SHOWN = 10  # models, and outputs, that a withdrawal lists

Chosen = Annotated[str, typer.Argument(metavar="QUERY", help="Sounds: a query, a file, or the start of a content id.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Who speaks: the owner of the sounds.")]
Mine = Annotated[bool, typer.Option("--mine", help="You speak; the sounds are your own.")]
Purposes = Annotated[
    list[str] | None, typer.Option("--purpose", help="Only this purpose (repeat or separate by commas); else all.")
]
Evidence = Annotated[Path | None, typer.Option(help="A document to file with it: mail, contract, photo.")]
Reason = Annotated[str, typer.Option(help="Why, in your own words; kept in the ledger.")]


@app.command()
def grant(
    query: Chosen,
    owner: Owner = None,
    mine: Mine = False,
    allow: Annotated[list[str] | None, typer.Option(help="Purposes, separated by commas, or all.")] = None,
    deny: Annotated[list[str] | None, typer.Option(help="Purposes that the owner refuses.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence the owner published them under (SPDX id).")] = None,
    credit: Annotated[str | None, typer.Option(help="Line that must travel with models and outputs.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Any other wish; means no until it is settled.")] = None,
    evidence: Evidence = None,
    expires: Annotated[str | None, typer.Option(help="Last day of the permission, as 2030-12-31.")] = None,
    note: Annotated[str, typer.Option(help="How it was said: by mail, on paper.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Record what an owner allows. --mine alone allows everything; --owner needs --allow, --deny or --licence."""
    own = _workspace(workspace)
    party = _party(own, owner, mine)
    recorded = own.library.ledger.desk.record(
        party=party,
        content_ids=own.chosen(query),
        allow=_words(allow) or (["all"] if mine and not deny and not licence else []),
        deny=_words(deny),
        licence=licence,
        credit=credit,
        conditions=condition or [],
        evidence=evidence,
        expires_at=_end_of(expires),
        note=note,
    )
    emit(recorded, as_json, lambda: say("\n".join(own.library.ledger.desk.tell(event) for event in recorded)))


@app.command()
def revoke(
    query: Chosen,
    owner: Owner = None,
    mine: Mine = False,
    purpose: Purposes = None,
    reason: Reason = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw consent, and name the models and outputs this touches."""
    own = _workspace(workspace)
    party = _party(own, owner, mine)
    touched = own.withdraw(query, party=party, reason=reason, purposes=_words(purpose) or None)
    emit(
        {"event": touched.event, "touched": touched},
        as_json,
        lambda: _tell_withdrawal(own.library.ledger.desk.tell(touched.event) if touched.event else "", touched),
    )


@app.command()
def show(
    query: Annotated[str, typer.Argument(help="Sounds: a query; without it, all.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show how many of the chosen sounds each purpose may use, and who has spoken."""
    own = _workspace(workspace)
    ledger, ids = own.library.ledger, [item.content_id for item in own.library.items(query)]
    counts = {
        purpose: Counter(d.permission.value for d in own.library.decisions(ids, purpose).values())
        for purpose in ledger.desk.purposes
    }
    parties, head = ledger.parties(), ledger.head()

    def table() -> None:
        answers = ["allowed", "constrained", "not-allowed"]
        rows = [[str(purpose), *(count[said] for said in answers)] for purpose, count in counts.items()]
        show_table(["purpose", "allowed", "with credit", "not allowed"], rows, title=f"{len(ids)} sounds")
        show_table(
            ["party", "events", "sounds", "last"], [[p.name, p.events, p.sounds, p.last_at[:10]] for p in parties]
        )
        say(f"Head of the ledger: {head}")

    emit({"sounds": len(ids), "purposes": counts, "parties": parties, "head": head}, as_json, table)


@app.command()
def explain(
    query: Chosen,
    purpose: Annotated[str, typer.Option(help="What the sound would be used for.")] = "generative-training",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Explain why a sound may or may not be used: the rule, the way out, and every event behind it."""
    own = _workspace(workspace)
    explained = [own.library.explain(content_id, purpose) for content_id in own.chosen(query)]
    told = "\n\n".join(f"{own.library.name_of(one.decision.content_id)}\n{one.text}" for one in explained)
    emit(explained, as_json, lambda: say(told))


@app.command()
def verify(
    against: Annotated[Path | None, typer.Option(help="An export whose head must be in this ledger.")] = None,
    head: Annotated[list[str] | None, typer.Option(help="A head noted elsewhere (manifest, mail).")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Check every event, the end of the chain and the evidence files."""
    ledger = _workspace(workspace).library.ledger
    report = ledger.verify(known_heads=[*(head or []), *([ledger.desk.head_of_export(against)] if against else [])])

    def table() -> None:
        about = f"{_count(report.sounds, 'sound')} by {_count(len(report.parties), 'party', 'parties')}"
        say(f"The ledger is whole: {_count(report.events, 'event')} about {about}.")
        unchanged, missing = _count(report.evidence_checked, "document"), len(report.evidence_missing)
        say(f"Evidence: {unchanged} unchanged, {missing} not here.")
        say(f"Head: {report.head}")

    emit(report, as_json, table)


@app.command("export")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="The file to write (JSON lines).")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole ledger to a file. Keep its head somewhere else: it proves later that nothing was cut off."""
    head = _workspace(workspace).library.ledger.export_json(file)
    emit({"file": file, "head": head}, as_json, lambda: say(f"Written to {file}\nHead: {head}"))


@app.command("import")
def import_ledger(
    file: Annotated[Path, typer.Argument(help="An export.")],
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Add what an export holds beyond this ledger. Doing it twice changes nothing; a fork is refused."""
    report = _workspace(workspace).library.ledger.import_json(file)
    told = f"{_count(report.shared, 'event')} here already, {report.added} added.\nHead: {report.head}"
    emit(report, as_json, lambda: say(told))


@app.command()
def form(
    query: Annotated[str, typer.Argument(help="Sounds it is about; not needed for a blank form.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the form here: .html to print, or .txt.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="File the answers that the page saved (JSON).")] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the questions here, one by one, and file the answers.")
    ] = False,
    scan: Annotated[Path | None, typer.Option(help="The signed paper, filed with the answers.")] = None,
    maker: Annotated[str, typer.Option(help="Fill in the maker's name.")] = "",
    receiver: Annotated[str, typer.Option(help="Fill in who may use the sounds.")] = "",
    sounds: Annotated[str, typer.Option(help="Fill in which sounds, in words.")] = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write the consent form (blank, or filled in as far as known), or file a complete one as evidence and grant."""
    own = _workspace(workspace)
    known = {"maker": maker, "receiver": receiver, "sounds": sounds}
    ids = own.chosen(query) if query else []
    names = [own.library.name_of(content_id) for content_id in ids]
    if file is None and not ask:
        target = out or Path("consent-form.html")
        own.library.ledger.desk.write_form(target, answers=known, sound_names=names)
        emit(
            {"form": target},
            as_json,
            lambda: say(f"Written to {target}. Open it in a browser to fill it in or print it."),
        )
        return
    filed = own.library.ledger.desk.file_form(file or _ask(own, known), ids, scan=scan, sound_names=names)
    emit(filed, as_json, lambda: say("\n".join(own.library.ledger.desk.tell(event) for event in filed.events)))


@app.command()
def dispute(
    query: Annotated[str, typer.Argument(help="Sounds that are disputed; not needed with --settle.")] = "",
    owner: Owner = None,
    mine: Mine = False,
    purpose: Purposes = None,
    reason: Reason = "",
    evidence: Evidence = None,
    settle: Annotated[str | None, typer.Option(help="End the dispute whose event hash begins so.")] = None,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Record that somebody contests the use of sounds, or with --settle that it is settled."""
    own = _workspace(workspace)
    party = _party(own, owner, mine)
    if settle:
        event = own.library.ledger.settle(settle, party=party, evidence=evidence, note=reason)
    else:
        event = own.library.ledger.dispute(
            party=party,
            content_ids=own.chosen(query),
            purposes=_words(purpose) or None,
            reason=reason,
            evidence=evidence,
        )
    emit(event, as_json, lambda: say(own.library.ledger.desk.tell(event)))


@app.command()
def optout(
    query: Annotated[str, typer.Argument(help="Sounds to leave out; not needed with --list.")] = "",
    owner: Owner = None,
    mine: Mine = False,
    listed: Annotated[Path | None, typer.Option("--list", help="A file: one content id or print:CODE a line.")] = None,
    purpose: Purposes = None,
    reason: Reason = "",
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Record that sounds must be left out, chosen here or by a list; the list may name sounds nobody has added yet."""
    own = _workspace(workspace)
    party = _party(own, owner, mine)
    ids = own.chosen(query) if query or not listed else []
    event = own.library.ledger.desk.opt_out(
        party=party, content_ids=ids, listed=listed, purposes=_words(purpose), reason=reason
    )
    touched = own.touched(event.content_ids)
    emit(
        {"event": event, "touched": touched},
        as_json,
        lambda: _tell_withdrawal(own.library.ledger.desk.tell(event), touched),
    )


def _workspace(folder: Path | None) -> Workspace:
    from woodshed.workspace import Workspace

    return Workspace(folder)


def _party(own: Workspace, owner: str | None, mine: bool) -> str:
    if bool(owner) == mine:
        problem = "Both --owner and --mine were given" if mine else "Nobody speaks: neither --owner nor --mine"
        raise UsageError(
            problem, cause="the ledger records who says it", way_out="add --mine, or --owner NAME for somebody else"
        )
    if owner:
        return owner
    return own.library.ledger.desk.me


def _words(options: list[str] | None) -> list[str]:
    return [word.strip() for option in options or [] for word in option.split(",") if word.strip()]


def _end_of(day: str | None) -> datetime | None:
    if day is None:
        return None
    from datetime import timedelta

    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError as error:
        raise UsageError(f"{day!r} is no date", cause="a typing slip", way_out="write it as 2030-12-31") from error


def _tell_withdrawal(told: str, touched: Withdrawal) -> None:
    say(told)
    say(f"It touches {_count(len(touched.models), 'model')} and {_count(len(touched.outputs), 'output')}.")
    for names in (touched.models, touched.outputs):
        for name in names[:SHOWN]:
            say(f"  {name}")
        if len(names) > SHOWN:
            say(f"  and {len(names) - SHOWN} more; --json lists all")
    if touched.models:
        say("These models make no more sounds; train them again without the withdrawn ones.")


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _ask(own: Workspace, known: dict[str, str]) -> dict[str, object]:
    answers: dict[str, object] = {}
    for question in own.library.ledger.desk.questions():
        default = known.get(question.field) or question.default
        choices = f" ({'/'.join(question.choices)})" if question.choices else ""
        answers[question.field] = typer.prompt(question.text + choices, default=default, show_default=bool(default))
    return answers
