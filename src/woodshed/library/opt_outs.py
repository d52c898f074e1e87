"""Opt-outs reach further than one file: to near duplicates of the sounds named, and to whatever sounds like a print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import sqlalchemy as sa

from woodshed.base.errors import UsageError
from woodshed.library.catalogue import chunked
from woodshed.library.comparing import read_fingerprints
from woodshed.library.consent import Decision, EventKind, Ledger, LedgerEvent, Permission, Purpose
from woodshed.library.fingerprint import Fingerprint, vector_from_bytes
from woodshed.library.likeness import agreement, most_alike
from woodshed.library.store import reading
from woodshed.library.tables import ITEM, NEAR


def refused_by_likeness(engine: sa.Engine, ledger: Ledger, decisions: Mapping[str, Decision]) -> dict[str, Decision]:
    """Decisions that an opt-out turns into a no because the recording is the same; by content id.

    Parameters
    ----------
    decisions
        What the ledger says of each item by its own id, all for one purpose.
    """
    allowed = {content_id: decision for content_id, decision in decisions.items() if decision.allowed}
    if not allowed:
        return {}
    purpose = next(iter(allowed.values())).purpose
    events = [event for event in ledger.events(kind=EventKind.OPT_OUT) if event.covers(purpose)]
    if not events:
        return {}
    refused: dict[str, Decision] = {}
    for event, content_id, alike in _reached(engine, events, allowed):
        if not _lifted(ledger, event, purpose, (content_id, alike)):
            refused[content_id] = _no(allowed[content_id], event, alike)
    return refused


def _reached(
    engine: sa.Engine, events: list[LedgerEvent], allowed: Mapping[str, Decision]
) -> Iterator[tuple[LedgerEvent, str, str | None]]:
    """Event, item, and the opted-out item it is a near duplicate of (None where a print matched)."""
    neighbours = _neighbours(engine)
    for event in events:
        for named in event.content_ids:
            yield from ((event, other, named) for other in neighbours.get(named, ()) if other in allowed)
    prints = [(event, text) for event in events for text in event.fingerprints]
    if prints:
        ids, vectors = _vectors(engine, sorted(allowed))
        for event, text in prints:
            yield from ((event, content_id, None) for content_id in _matches(engine, text, ids, vectors))


def _matches(engine: sa.Engine, text: str, ids: list[str], vectors: np.ndarray) -> list[str]:
    try:
        wanted = Fingerprint.from_text(text)
    except UsageError:
        return []  # a print of another program; nothing here can be compared with it
    near = [ids[index] for index in most_alike(wanted, vectors)] if ids else []
    found = read_fingerprints(engine, near)
    return [content_id for content_id in near if agreement(wanted, found[content_id]).same_recording]


def _neighbours(engine: sa.Engine) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with reading(engine) as connection:
        for first, second in connection.execute(sa.select(NEAR.c.first_id, NEAR.c.second_id)):
            found.setdefault(first, set()).add(second)
            found.setdefault(second, set()).add(first)
    return found


def _vectors(engine: sa.Engine, content_ids: list[str]) -> tuple[list[str], np.ndarray]:
    rows: list[tuple[str, bytes]] = []
    with reading(engine) as connection:
        for chunk in chunked(content_ids):
            query = sa.select(ITEM.c.content_id, ITEM.c.vector).where(ITEM.c.content_id.in_(chunk))
            rows += [(row[0], row[1]) for row in connection.execute(query)]
    vectors = [vector_from_bytes(vector) for _, vector in rows]
    return [content_id for content_id, _ in rows], np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)


def _lifted(ledger: Ledger, event: LedgerEvent, purpose: Purpose, names: Iterable[str | None]) -> bool:
    """Whether the party of the opt-out later allowed this purpose for one of these items, in its own words."""
    return any(
        grant.sequence > event.sequence
        and grant.at > event.at
        and grant.permissions.get(purpose, Permission.NOT_ALLOWED) is not Permission.NOT_ALLOWED
        for named in names
        if named is not None
        for grant in ledger.events(content_id=named, party=event.party, kind=EventKind.GRANT)
    )


def _no(decision: Decision, event: LedgerEvent, alike: str | None) -> Decision:
    what = f"the sound {alike[:12]}, which holds the same recording," if alike else "this recording by its fingerprint"
    return Decision(
        content_id=decision.content_id,
        purpose=decision.purpose,
        permission=Permission.NOT_ALLOWED,
        rule=f"{event.party} opted {what} out of {decision.purpose} on {event.at[:10]}",
        way_out=f"leave the sound out, or ask {event.party} for a new grant",
        owners=decision.owners,
        events=(*decision.events, event.hash),
    )
