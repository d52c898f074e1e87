"""Compare items that were never compared with all others, and note which hold the same recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from woodshed.base.events import EventSink, Progress, ignore
from woodshed.library.catalogue import chunked, existing_ids
from woodshed.library.fingerprint import Fingerprint, vector_from_bytes
from woodshed.library.likeness import Floats, NearPair, near_pairs
from woodshed.library.store import reading, writing
from woodshed.library.tables import ITEM, NEAR

_BLOCK_BYTES = 32 << 20


def compare_pending(engine: sa.Engine, *, on_event: EventSink = ignore) -> int:
    """Compare what is new with everything; returns how many near pairs were found. Does nothing if nothing is new.

    Each block of items lands in one transaction, so a stop loses at most the block in hand.
    """
    ids, vectors, pending = _vectors(engine)
    if not pending:
        return 0
    block_size = max(16, min(128, _BLOCK_BYTES // (4 * len(ids))))
    found: set[NearPair] = set()
    done = 0
    for start in range(0, len(pending), block_size):
        block = pending[start : start + block_size]
        pairs = near_pairs(ids, vectors, block=block, traces=lambda names: read_fingerprints(engine, names))
        _write(engine, [ids[i] for i in block], pairs)
        found.update(pairs)
        done += len(block)
        on_event(Progress(stage="comparing sounds", done=done, total=len(pending), unit="sounds"))
    return len(found)


def read_fingerprints(engine: sa.Engine, content_ids: Sequence[str]) -> dict[str, Fingerprint]:
    """Fingerprints of some items, by content id."""
    found: dict[str, Fingerprint] = {}
    with reading(engine) as connection:
        for chunk in chunked(content_ids):
            query = sa.select(ITEM.c.content_id, ITEM.c.vector, ITEM.c.traces).where(ITEM.c.content_id.in_(chunk))
            found |= {row[0]: Fingerprint.from_bytes(row[1], row[2]) for row in connection.execute(query)}
    return found


def _vectors(engine: sa.Engine) -> tuple[list[str], Floats, list[int]]:
    """Content ids, vectors ``(items, VECTOR_SIZE)`` and the positions of those never compared."""
    with reading(engine) as connection:
        if not connection.execute(sa.select(ITEM.c.content_id).where(~ITEM.c.compared).limit(1)).first():
            return [], np.zeros((0, 0), np.float32), []
        query = sa.select(ITEM.c.content_id, ITEM.c.vector, ITEM.c.compared).order_by(ITEM.c.content_id)
        rows = connection.execute(query).all()
    vectors = np.stack([vector_from_bytes(row[1]) for row in rows])
    return [row[0] for row in rows], vectors, [index for index, row in enumerate(rows) if not row[2]]


def _write(engine: sa.Engine, compared: Sequence[str], pairs: Sequence[NearPair]) -> None:
    with writing(engine) as connection:
        there = existing_ids(connection, [i for pair in pairs for i in (pair.first_id, pair.second_id)])
        rows = [
            {"first_id": pair.first_id, "second_id": pair.second_id, "agreement": pair.agreement}
            for pair in pairs
            if pair.first_id in there and pair.second_id in there
        ]
        if rows:
            connection.execute(insert(NEAR).on_conflict_do_nothing(), rows)
        for chunk in chunked(compared):
            connection.execute(ITEM.update().where(ITEM.c.content_id.in_(chunk)).values(compared=True))
