"""One event of the ledger: what it says, how it is written down, and the hash that chains it to the one before.

An event is written once as canonical JSON (sorted keys, no spaces, ASCII); its hash is BLAKE2b over the hash of the
event before it and that text, so no event can be changed, moved or taken out without every later hash being wrong.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from woodshed.base.errors import LedgerDamaged, UsageError
from woodshed.library.consent.purposes import Permission, Purpose

GENESIS = "0" * 64
PAYLOAD_VERSION = 1


class EventKind(StrEnum):
    """What an event does. ``GRANT`` is the only kind that can re-allow what was refused."""

    GRANT = "grant"
    LICENCE = "licence"
    REVOKE = "revoke"
    EXPIRE = "expire"
    OPT_OUT = "opt-out"
    DISPUTE = "dispute"
    SETTLE = "settle"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One line of the ledger.

    ``at`` and ``expires_at`` are UTC in one fixed ISO format, so they compare as text. Empty ``purposes`` of a
    refusal mean all purposes. ``refers_to`` is the hash of the dispute that a settlement ends, or of the opt-out list
    that named a sound by its fingerprint. ``sequence`` counts from 1; an event that is not written yet has 0 and
    empty hashes.
    """

    kind: EventKind
    at: str
    party: str
    content_ids: tuple[str, ...] = ()
    permissions: Mapping[Purpose, Permission] = field(default_factory=dict)
    purposes: tuple[Purpose, ...] = ()
    licence: str | None = None
    credit: str | None = None
    conditions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    expires_at: str | None = None
    refers_to: str | None = None
    fingerprints: tuple[str, ...] = ()
    note: str = ""
    sequence: int = 0
    previous: str = ""
    hash: str = ""

    def covers(self, purpose: Purpose) -> bool:
        """True where a refusal, opt-out or dispute speaks about ``purpose``."""
        return not self.purposes or purpose in self.purposes


def payload_of(event: LedgerEvent) -> str:
    """The canonical JSON text of an event; what is empty is left out."""
    body: dict[str, object] = {"v": PAYLOAD_VERSION, "kind": event.kind.value, "at": event.at, "party": event.party}
    if event.permissions:
        body["permissions"] = {purpose.value: said.value for purpose, said in event.permissions.items()}
    if event.purposes:
        body["purposes"] = [purpose.value for purpose in event.purposes]
    for name in ("content_ids", "conditions", "evidence", "fingerprints"):
        if values := getattr(event, name):
            body[name] = list(values)
    for name in ("licence", "credit", "expires_at", "refers_to", "note"):
        if value := getattr(event, name):
            body[name] = value
    return canonical_json(body)


def canonical_json(body: Mapping[str, object]) -> str:
    """One spelling for one content.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": "é"})
    '{"a":"\\\\u00e9","b":1}'
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def chain_hash(previous: str, payload: str) -> str:
    """BLAKE2b of the hash before and the event's text, 64 hex digits."""
    return hashlib.blake2b(f"{previous}\n{payload}".encode(), digest_size=32).hexdigest()


def event_from_row(sequence: int, previous: str, digest: str, payload: str) -> LedgerEvent:
    """Read a stored event back.

    Raises
    ------
    LedgerDamaged
        If the text is no event that this Woodshed knows.
    """
    try:
        body = json.loads(payload)
        if body.pop("v") != PAYLOAD_VERSION:
            raise ValueError("unknown payload version")
        return LedgerEvent(
            kind=EventKind(body.pop("kind")),
            at=str(body.pop("at")),
            party=str(body.pop("party")),
            content_ids=tuple(body.pop("content_ids", ())),
            permissions={Purpose(k): Permission(v) for k, v in body.pop("permissions", {}).items()},
            purposes=tuple(Purpose(p) for p in body.pop("purposes", ())),
            conditions=tuple(body.pop("conditions", ())),
            evidence=tuple(body.pop("evidence", ())),
            fingerprints=tuple(body.pop("fingerprints", ())),
            sequence=sequence,
            previous=previous,
            hash=digest,
            **_words(body),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerDamaged(
            f"Event {sequence} of the consent ledger cannot be read ({error})",
            cause="the ledger was edited by hand or written by a newer Woodshed",
            way_out="upgrade Woodshed, or restore the library from a backup",
        ) from error


def _words(body: dict[str, str]) -> dict[str, str]:
    known = {"licence", "credit", "expires_at", "refers_to", "note"}
    if unknown := set(body) - known:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    return body


def moment(at: datetime) -> str:
    """UTC in one fixed format that sorts as text.

    Raises
    ------
    UsageError
        If ``at`` has no time zone.

    Examples
    --------
    >>> moment(datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    '2026-11-20T09:30:00.000000Z'
    """
    if at.tzinfo is None:
        raise UsageError(
            f"The time {at} has no time zone",
            cause="it was made without tzinfo",
            way_out="use datetime.now(UTC) or datetime(..., tzinfo=UTC)",
        )
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clean_party(name: str) -> str:
    """A party's name as it is written down: one spelling of accents, single spaces.

    Raises
    ------
    UsageError
        If nothing is left.

    Examples
    --------
    >>> clean_party("  Anna   Berg ")
    'Anna Berg'
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned:
        raise UsageError(
            "The party has no name",
            cause="an empty name was given",
            way_out="say who owns the sounds, for example --owner 'Anna Berg'",
        )
    return cleaned


def party_key(name: str) -> str:
    """What makes two spellings one party: case does not matter."""
    return unicodedata.normalize("NFKC", name).casefold()
