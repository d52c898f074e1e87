"""Rows of the catalogue: read as items, written in small pieces inside a caller's transaction."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from woodshed.library.facts import Facts
from woodshed.library.grouping import group_names
from woodshed.library.hearing import Heard
from woodshed.library.items import Item
from woodshed.library.manifest import ManifestRow
from woodshed.library.tables import ITEM, NEAR, PLACE

_CHUNK = 500  # values in one IN (...)


@dataclass(frozen=True)
class Place:
    """A file that was looked at before."""

    path: str
    content_id: str | None
    size_bytes: int
    mtime_ns: int
    file_digest: str | None
    reason: str | None


def now_text() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


# reading


def read_places(connection: sa.Connection) -> dict[str, Place]:
    """Every file that was ever looked at, by path."""
    columns = (
        PLACE.c.path,
        PLACE.c.content_id,
        PLACE.c.size_bytes,
        PLACE.c.mtime_ns,
        PLACE.c.file_digest,
        PLACE.c.reason,
    )
    return {row[0]: Place(*row) for row in connection.execute(sa.select(*columns))}


def read_items(connection: sa.Connection) -> list[Item]:
    """Every item, by path; groups are worked out over the whole library."""
    places: dict[str, list[tuple[str, str | None]]] = {}
    found = sa.select(PLACE.c.content_id, PLACE.c.path, PLACE.c.file_digest).where(PLACE.c.content_id.is_not(None))
    for content_id, path, digest in connection.execute(found.order_by(PLACE.c.path)):
        places.setdefault(content_id, []).append((path, digest))
    columns = [column for column in ITEM.c if column.name not in ("vector", "traces", "compared")]
    rows = connection.execute(sa.select(*columns)).mappings().all()
    near = [(row[0], row[1]) for row in connection.execute(sa.select(NEAR.c.first_id, NEAR.c.second_id))]
    groups = group_names({row["content_id"]: row["kit"] for row in rows}, near)
    items = [_item(row, places.get(row["content_id"], []), groups[row["content_id"]]) for row in rows]
    return sorted(items, key=lambda item: (os.fsencode(item.path), item.content_id))


def _item(row: sa.RowMapping, places: Sequence[tuple[str, str | None]], group: str) -> Item:
    names = ("content_id", "kind", "sample_rate_hz", "channels", "frames", "class_name", "class_source", "kit")
    more = ("bpm", "key", "pitch_midi", "licence", "author", "added_at")
    return Item(
        path=places[0][0] if places else row["first_path"],
        file_digest=places[0][1] if places else None,
        paths=tuple(path for path, _ in places),
        group=group,
        tags=json.loads(row["tags"]),
        **{name: row[name] for name in (*names, *more)},
    )


def loose_ids(connection: sa.Connection) -> set[str]:
    """Items that name no kit and are no near duplicate of another: each is a group of its own."""
    found = {
        content_id for (content_id,) in connection.execute(sa.select(ITEM.c.content_id).where(ITEM.c.kit.is_(None)))
    }
    for pair in connection.execute(sa.select(NEAR.c.first_id, NEAR.c.second_id)):
        found -= set(pair)
    return found


def one_shots(connection: sa.Connection) -> dict[str, str | None]:
    """The class of every one-shot."""
    query = sa.select(ITEM.c.content_id, ITEM.c.class_name).where(ITEM.c.kind == "oneshot")
    return {row.content_id: row.class_name for row in connection.execute(query)}


def read_path(connection: sa.Connection, content_id: str) -> str | None:
    """Where an item lies or lay; None if it is not in the catalogue."""
    place = sa.select(PLACE.c.path).where(PLACE.c.content_id == content_id).order_by(PLACE.c.path).limit(1)
    first = sa.select(ITEM.c.first_path).where(ITEM.c.content_id == content_id)
    return connection.execute(place).scalar() or connection.execute(first).scalar()


def read_vocabulary(connection: sa.Connection) -> set[str]:
    """The class names that a manifest or a person used here."""
    named = sa.select(ITEM.c.class_name).where(ITEM.c.class_source.in_(("manifest", "human"))).distinct()
    return {name for (name,) in connection.execute(named) if name}


def existing_ids(connection: sa.Connection, content_ids: Iterable[str]) -> set[str]:
    """Which of these items are in the catalogue."""
    found: set[str] = set()
    for chunk in chunked(sorted(set(content_ids))):
        query = sa.select(ITEM.c.content_id).where(ITEM.c.content_id.in_(chunk))
        found.update(content_id for (content_id,) in connection.execute(query))
    return found


def chunked(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """The values in pieces that fit into one statement."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


# writing


def insert_item(connection: sa.Connection, heard: Heard, facts: Facts, row: ManifestRow | None) -> bool:
    """Add an item; False if another scan was faster."""
    row = row or ManifestRow()
    values = {
        "content_id": heard.content_id,
        "first_path": heard.path,
        "sample_rate_hz": heard.sample_rate_hz,
        "channels": heard.channels,
        "frames": heard.frames,
        "vector": heard.vector,
        "traces": heard.traces,
        "compared": False,
        "licence": row.licence,
        "author": row.author,
        "tags": json.dumps(dict(row.tags)),
        "added_at": now_text(),
        **_fact_values(facts),
    }
    return connection.execute(insert(ITEM).values(values).on_conflict_do_nothing()).rowcount > 0


def _fact_values(facts: Facts) -> dict[str, object]:
    names = ("kind", "class_name", "class_source", "kit", "kit_source", "bpm", "key", "pitch_midi")
    return {name: getattr(facts, name) for name in names}


def put_place(connection: sa.Connection, heard: Heard) -> None:
    """Note where a sound lies, or why a file gave none."""
    values = {
        "path": heard.path,
        "content_id": heard.content_id,
        "size_bytes": heard.size_bytes,
        "mtime_ns": heard.mtime_ns if heard.lasting else -1,  # what may go away is looked at again
        "file_digest": heard.file_digest,
        "reason": heard.reason,
        "seen_at": now_text(),
    }
    fresh = {name: value for name, value in values.items() if name != "path"}
    connection.execute(insert(PLACE).values(values).on_conflict_do_update(index_elements=["path"], set_=fresh))


def drop_places(connection: sa.Connection, paths: Iterable[str]) -> None:
    """Forget files; the items stay."""
    for path in paths:
        connection.execute(PLACE.delete().where(PLACE.c.path == path))


def update_item(connection: sa.Connection, content_id: str, values: Mapping[str, object]) -> None:
    """Change columns of one item."""
    connection.execute(ITEM.update().where(ITEM.c.content_id == content_id).values(**values))


def delete_items(connection: sa.Connection, content_ids: Sequence[str]) -> None:
    """Take items out of the catalogue, with their places and near pairs; files and ledger are not touched."""
    for chunk in chunked(content_ids):
        connection.execute(ITEM.delete().where(ITEM.c.content_id.in_(chunk)))
