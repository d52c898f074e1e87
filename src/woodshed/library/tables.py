"""The tables of the catalogue. A change here raises ``SCHEMA_VERSION`` in store.py and adds a migration there."""

from __future__ import annotations

import os

import sqlalchemy as sa

from woodshed.library.store import METADATA


class PathText(sa.TypeDecorator[str]):
    """A path as the bytes the file system knows, so that names that are not valid UTF-8 survive."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:  # noqa: ARG002
        """Path to bytes."""
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """Bytes to path."""
        return None if value is None else os.fsdecode(value)


# One row per sound, whatever number of files hold it.
ITEM = sa.Table(
    "item",
    METADATA,
    sa.Column("content_id", sa.String(32), primary_key=True),
    sa.Column("first_path", PathText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("class_name", sa.Text),
    sa.Column("class_source", sa.Text),
    sa.Column("kit", sa.Text),  # the kit, instrument, song or speaker it belongs to, as named
    sa.Column("kit_source", sa.Text),
    sa.Column("sample_rate_hz", sa.Integer, nullable=False),
    sa.Column("channels", sa.Integer, nullable=False),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("bpm", sa.Float),
    sa.Column("key", sa.Text),
    sa.Column("pitch_midi", sa.Float),
    sa.Column("licence", sa.Text),
    sa.Column("author", sa.Text),
    sa.Column("tags", sa.Text, nullable=False),  # JSON
    sa.Column("vector", sa.LargeBinary, nullable=False),  # see fingerprint.py
    sa.Column("traces", sa.LargeBinary, nullable=False),
    sa.Column("compared", sa.Boolean, nullable=False, default=False),
    sa.Column("added_at", sa.Text, nullable=False),
)

# One row per file that was ever looked at: where a sound lies, or why the file gave none.
PLACE = sa.Table(
    "place",
    METADATA,
    sa.Column("path", PathText, primary_key=True),
    sa.Column("content_id", sa.String(32), sa.ForeignKey("item.content_id", ondelete="CASCADE"), index=True),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("mtime_ns", sa.Integer, nullable=False),
    sa.Column("file_digest", sa.String(32)),
    sa.Column("reason", sa.Text),  # why it was skipped
    sa.Column("seen_at", sa.Text, nullable=False),
)

# Pairs of items that hold the same recording: another gain, trim, polarity or format.
NEAR = sa.Table(
    "near",
    METADATA,
    sa.Column("first_id", sa.String(32), sa.ForeignKey("item.content_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("second_id", sa.String(32), sa.ForeignKey("item.content_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("agreement", sa.Float, nullable=False),
)
