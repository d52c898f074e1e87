"""The ledger as a file of JSON lines: a head line, then one event a line, in the order and with the hashes they have.

A file can be read in a text editor, kept as a backup and taken into another library. Importing checks every link and
only ever adds what comes after the events that both ledgers share.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from woodshed.base.errors import LedgerDamaged, LibraryError, UsageError
from woodshed.base.files import printable, write_text_atomically
from woodshed.library.consent.chain import Head, append_events, check_link, damaged, read_chain
from woodshed.library.consent.events import (
    GENESIS,
    LedgerEvent,
    canonical_json,
    event_from_row,
    moment,
    payload_of,
)

FORMAT = "woodshed-consent"
VERSION = 1
START = Head(0, GENESIS)


@dataclass(frozen=True)
class ImportReport:
    """What an import found: events shared with this ledger, events added, and the head after it."""

    shared: int
    added: int
    head: str


def write_export(path: Path, events: Sequence[LedgerEvent]) -> str:
    """Write the events to ``path`` and return their head."""
    head = events[-1].hash if events else GENESIS
    lines = [canonical_json({"format": FORMAT, "version": VERSION, "events": len(events), "head": head})]
    for event in events:
        row = {"sequence": event.sequence, "previous": event.previous, "hash": event.hash}
        lines.append(canonical_json({**row, "event": json.loads(payload_of(event))}))
    write_text_atomically(path, "\n".join(lines) + "\n")
    return head


def read_export(path: Path) -> list[LedgerEvent]:
    """Read an export and check its whole chain.

    Raises
    ------
    UsageError
        If the file is no export, or of a newer format.
    LedgerDamaged
        If an event was changed, moved or is missing.
    """
    header, rows = _lines(path)
    events: list[LedgerEvent] = []
    behind = START
    for row in rows:
        sequence, previous, digest = row["sequence"], row["previous"], row["hash"]
        payload = canonical_json(row["event"])
        check_link(sequence, previous, digest, payload, behind=behind)
        events.append(event_from_row(sequence, previous, digest, payload))
        behind = Head(sequence, digest)
    if (behind.sequence, behind.hash) != (header["events"], header["head"]):
        raise damaged(behind.sequence + 1, f"is missing from {printable(path)}: it should hold {header['events']}")
    return events


def merge_export(connection: sa.Connection, events: Sequence[LedgerEvent]) -> ImportReport:
    """Add what ``events`` hold beyond the ledger behind ``connection``; call it inside ``writing``.

    Raises
    ------
    LibraryError
        If the two ledgers part ways: each holds events that the other lacks.
    UsageError
        If an event is dated in the future.
    """
    own = list(read_chain(connection, after=START))
    shared = next((i for i, (a, b) in enumerate(zip(own, events, strict=False)) if a.hash != b.hash), None)
    if shared is not None:
        raise _fork(shared)
    new = events[len(own) :]
    _require_past(new)
    written = append_events(connection, new)
    if [event.hash for event in written] != [event.hash for event in new]:
        raise damaged(new[0].sequence, "would get another hash here than it has in the export")
    longest = events if new else own
    return ImportReport(min(len(own), len(events)), len(new), longest[-1].hash if longest else GENESIS)


def _fork(shared: int) -> LibraryError:
    return LibraryError(
        f"The two ledgers share {shared} events and then part: each holds events that the other lacks",
        cause="both libraries went on writing after the copy was made",
        way_out="import the file into a new workspace to read it, and record what is missing here "
        "with `woodshed consent grant` and `revoke`",
    )


def _require_past(events: Sequence[LedgerEvent]) -> None:
    limit = moment(datetime.now(UTC) + timedelta(days=1))
    if late := next((event for event in events if event.at > limit), None):
        raise UsageError(
            f"Event {late.sequence} of the export is dated {late.at}, in the future",
            cause="the clock of this computer or of the one that wrote it is wrong",
            way_out="set the clock and import again",
        )


def _lines(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        with open(path, encoding="utf-8") as file:
            header, *rows = [json.loads(line) for line in file]
        if header["format"] != FORMAT or header["version"] != VERSION:
            raise ValueError(f"format {header['format']!r}, version {header['version']!r}")
        if not all({"sequence", "previous", "hash", "event"} == set(row) for row in rows):
            raise LedgerDamaged(
                f"A line of {printable(path)} is no event",
                cause="the file was edited or cut off",
                way_out="export the ledger again with `woodshed consent export FILE`",
            )
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no file {printable(path)}", cause="the name has a slip", way_out="give the path of an export"
        ) from error
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{printable(path)} is no export of a consent ledger ({error})",
            cause="it is another file, was cut off, or comes from a newer Woodshed",
            way_out="make one with `woodshed consent export FILE`",
        ) from error
    return header, rows
