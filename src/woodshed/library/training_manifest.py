"""The papers of a training: which sounds, whose, under which ledger, and a root hash that stands for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from woodshed.library.consent import Purpose


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ManifestItem(_Page):
    """One sound of a training. ``conversions`` lists what was done to it on the way in, empty if nothing."""

    content_id: str
    path_name: str
    class_name: str | None = None
    group: str
    owner: str
    licence: str | None = None
    credit: str | None = None
    conversions: tuple[str, ...] = ()


class RefusedItem(_Page):
    """A sound that was chosen but may not be used, or cannot; ``rule`` says why, ``way_out`` what would help."""

    content_id: str
    path_name: str
    rule: str
    way_out: str = ""


class TrainingManifest(_Page):
    """What a training used, fixed at one state of the ledger.

    ``merkle_root`` is over the sorted content ids; ``ledger_head`` the last event of the ledger when the manifest was
    made. ``sample_rate_hz`` and ``channels`` are what all sounds were converted to (channels None: left as they are).
    """

    format_version: int = 1
    purpose: Purpose
    query: str
    sample_rate_hz: int
    channels: int | None
    merkle_root: str
    ledger_head: str
    made_at: str
    items: tuple[ManifestItem, ...]
    refused: tuple[RefusedItem, ...] = ()


def merkle_root(content_ids: Iterable[str]) -> str:
    """Root of the Merkle tree over the sorted content ids, 32 hex digits.

    A leaf is BLAKE2b of a zero byte and the id, a node BLAKE2b of a one byte and its two children; a node without a
    neighbour moves up unchanged. No ids at all give the hash of nothing.

    Examples
    --------
    >>> merkle_root(["bb", "aa"]) == merkle_root(["aa", "bb"])
    True
    """
    level = [_hash(b"\0" + content_id.encode()) for content_id in sorted(set(content_ids))]
    if not level:
        return _hash(b"").hex()
    while len(level) > 1:
        pairs = [level[index : index + 2] for index in range(0, len(level), 2)]
        level = [_hash(b"\1" + pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0].hex()


def _hash(block: bytes) -> bytes:
    return hashlib.blake2b(block, digest_size=16).digest()
