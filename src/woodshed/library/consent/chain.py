"""The ledger on disk: an append-only table, its head, and the check that nothing in it was changed.

Three fences, one behind the other: the chain of hashes; triggers that refuse UPDATE and DELETE; and the recorded
head, which shows a tail that was cut off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import event as sa_event

from woodshed.base.errors import LedgerDamaged
from woodshed.library.consent.events import GENESIS, LedgerEvent, chain_hash, event_from_row, moment, payload_of
from woodshed.library.store import METADATA

consent_events = sa.Table(
    "consent_events",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("previous", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("payload", sa.Text, nullable=False),
)
consent_head = sa.Table(
    "consent_head",
    METADATA,
    sa.Column("only", sa.Integer, sa.CheckConstraint("only = 1"), primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("latest_at", sa.String(27), nullable=False),
)


def _forbid(table: sa.Table, verb: str) -> None:
    statement = (
        f"CREATE TRIGGER {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
        "BEGIN SELECT RAISE(ABORT, 'the consent ledger is append-only'); END"
    )
    sa_event.listen(table, "after_create", sa.DDL(statement).execute_if(dialect="sqlite"))


_forbid(consent_events, "UPDATE")
_forbid(consent_events, "DELETE")
_forbid(consent_head, "DELETE")


@dataclasses.dataclass(frozen=True)
class Head:
    """Where the chain ends: how many events, the hash of the last one, and the latest date of any."""

    sequence: int
    hash: str
    latest_at: str = ""


def read_head(connection: sa.Connection) -> Head:
    """The end of the chain as the last writer noted it.

    Raises
    ------
    LedgerDamaged
        If the table ends elsewhere: the tail was cut off, or something was put behind it.
    """
    noted = connection.execute(sa.select(consent_head)).first()
    head = Head(noted.sequence, noted.hash, noted.latest_at) if noted else Head(0, GENESIS)
    columns = (consent_events.c.sequence, consent_events.c.hash)
    last = connection.execute(sa.select(*columns).order_by(consent_events.c.sequence.desc()).limit(1)).first()
    found = (last.sequence, last.hash) if last else (0, GENESIS)
    if found != (head.sequence, head.hash):
        raise _wrong_end(found[0], head.sequence)
    return head


def _wrong_end(found: int, noted: int) -> LedgerDamaged:
    if found < noted:
        return damaged(found + 1, f"and all behind it are missing: {noted} events were written")
    if found > noted:
        return damaged(noted + 1, "was put there by something else than the ledger")
    return damaged(found, "is not the one that was written last")


def append_event(connection: sa.Connection, event: LedgerEvent) -> LedgerEvent:
    """Write ``event`` behind the last one; call it inside ``writing``, which holds the lock.

    An event without a date is dated now, but always later than every event before it, whatever the clock says.

    Raises
    ------
    LedgerDamaged
        If the end of the chain is not where the last writer left it.
    """
    return append_events(connection, [event])[0]


def append_events(connection: sa.Connection, events: Sequence[LedgerEvent]) -> list[LedgerEvent]:
    """Write several events in their order."""
    head = read_head(connection)
    written: list[LedgerEvent] = []
    rows: list[dict[str, object]] = []
    for event in events:
        dated = dataclasses.replace(event, at=event.at or _later_than(head.latest_at))
        payload = payload_of(dated)
        digest = chain_hash(head.hash, payload)
        rows.append({"sequence": head.sequence + 1, "previous": head.hash, "hash": digest, "payload": payload})
        written.append(dataclasses.replace(dated, sequence=head.sequence + 1, previous=head.hash, hash=digest))
        head = Head(head.sequence + 1, digest, max(head.latest_at, dated.at))
    if rows:
        connection.execute(consent_events.insert(), rows)
        _note_head(connection, head)
    return written


def _later_than(latest_at: str) -> str:
    now = datetime.now(UTC)
    return moment(max(now, datetime.fromisoformat(latest_at) + timedelta(microseconds=1)) if latest_at else now)


def _note_head(connection: sa.Connection, head: Head) -> None:
    values = dataclasses.asdict(head)
    if connection.execute(consent_head.update().values(**values)).rowcount == 0:
        connection.execute(consent_head.insert().values(only=1, **values))


def read_chain(connection: sa.Connection, *, after: Head) -> Iterator[LedgerEvent]:
    """The events behind ``after``, each checked against the one before.

    Raises
    ------
    LedgerDamaged
        At the first event that does not fit, naming it.
    """
    query = sa.select(consent_events).order_by(consent_events.c.sequence)
    if after.sequence:
        query = query.where(consent_events.c.sequence > after.sequence)
    for row in connection.execute(query):
        check_link(row.sequence, row.previous, row.hash, row.payload, behind=after)
        yield event_from_row(row.sequence, row.previous, row.hash, row.payload)
        after = Head(row.sequence, row.hash)


def check_link(sequence: int, previous: str, digest: str, payload: str, *, behind: Head) -> None:
    """One link of the chain holds, or ``LedgerDamaged`` says which one does not."""
    if sequence != behind.sequence + 1:
        raise damaged(behind.sequence + 1, f"is missing; event {sequence} follows event {behind.sequence}")
    if previous != behind.hash:
        raise damaged(sequence, "does not follow the one before it: an event was changed, taken out or moved")
    if chain_hash(previous, payload) != digest:
        raise damaged(sequence, "was changed after it was written")


def damaged(sequence: int, what: str) -> LedgerDamaged:
    """The error for a chain that breaks at event ``sequence``."""
    return LedgerDamaged(
        f"Event {sequence} of the consent ledger {what}",
        cause="the library file was edited by hand, or parts of it were restored from different backups",
        way_out="restore the whole library file from a backup, or start a new workspace and import the last export "
        "with `woodshed consent import FILE`",
    )
