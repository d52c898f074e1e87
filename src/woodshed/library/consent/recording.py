"""Adding events to the ledger: what a party can say about sounds, each as one method."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa

from woodshed.base.errors import UsageError
from woodshed.library.consent.chain import append_event
from woodshed.library.consent.events import EventKind, LedgerEvent, clean_party, moment
from woodshed.library.consent.evidence import Documents, EvidenceFolder
from woodshed.library.consent.licences import classify_licence
from woodshed.library.consent.purposes import Permission, Purpose
from woodshed.library.consent.words import purpose_named, purposes_named
from woodshed.library.store import writing

ALLOW_ALL: Mapping[Purpose, Permission] = MappingProxyType(dict.fromkeys(Purpose, Permission.ALLOWED))
UNKNOWN_OWNER = "owner unknown"
_CLOCK_SLACK = timedelta(days=1)


class Recorder:
    """Writes events behind the last one; every method is one transaction, or part of the one it is given.

    Parameters
    ----------
    engine
        The library file, opened by ``open_store``.
    evidence_folder
        Where evidence files are kept; ``evidence`` beside the library file unless given.
    """

    def __init__(self, engine: sa.Engine, *, evidence_folder: Path | None = None) -> None:
        self.engine = engine
        beside = Path(engine.url.database or ".").parent / "evidence"
        self.evidence = EvidenceFolder(evidence_folder or beside)

    def grant(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        permissions: Mapping[Purpose, Permission],
        licence: str | None = None,
        credit: str | None = None,
        conditions: Iterable[str] = (),
        evidence: Documents | None = None,
        expires_at: datetime | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record what a party says explicitly, purpose by purpose; purposes that are left out stay as they were.

        With a ``licence`` and no permissions it is not the owner's word but a fact, as ``state_licence`` records it.

        Parameters
        ----------
        conditions
            What a constrained yes asks for beyond its ``credit``; any condition means not allowed until a new grant.
        evidence
            Files, which are copied into the evidence folder, or the digests of ones that lie there.
        at
            When it was said; now unless given. Dated at or before the party's last no, it does not lift that no.
        connection
            A transaction begun by ``writing``, when the grant must land together with something else.
        """
        if licence is not None and not permissions:
            return self.state_licence(
                party=party,
                content_ids=content_ids,
                licence=licence,
                credit=credit,
                evidence=evidence,
                expires_at=expires_at,
                note=note,
                at=at,
                connection=connection,
            )
        if not permissions:
            raise UsageError(
                "The grant allows nothing",
                cause="no purpose was named",
                way_out=f"name at least one purpose: {', '.join(Purpose)}",
            )
        event = LedgerEvent(
            kind=EventKind.GRANT,
            at=moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            permissions={purpose_named(purpose): Permission(said) for purpose, said in permissions.items()},
            licence=licence,
            credit=credit or None,
            conditions=tuple(conditions),
            evidence=self.evidence.file_all(evidence),
            expires_at=moment(expires_at) if expires_at else None,
            note=note,
        )
        return self._append(event, connection)

    def grant_mine(
        self,
        *,
        content_ids: Iterable[str],
        party: str | None = None,
        evidence: Documents | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record "these are mine": everything allowed by ``party`` (the user's name unless given)."""
        return self.grant(
            party=party or default_party(),
            content_ids=content_ids,
            permissions=ALLOW_ALL,
            evidence=evidence,
            note=note or "stated to be the user's own",
            at=at,
            connection=connection,
        )

    def state_licence(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        licence: str,
        credit: str | None = None,
        evidence: Documents | None = None,
        expires_at: datetime | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record under which licence ``party`` published the sounds, as a fact and in the words it was found in."""
        event = LedgerEvent(
            kind=EventKind.LICENCE,
            at=moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            licence=classify_licence(licence).spdx_id,
            credit=credit or None,
            evidence=self.evidence.file_all(evidence),
            expires_at=moment(expires_at) if expires_at else None,
            note=note,
        )
        return self._append(event, connection)

    def revoke(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose | str] | None = None,
        reason: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a party withdraws its consent, to all purposes unless some are named."""
        return self._append(_no(EventKind.REVOKE, party, content_ids, purposes, reason, at), connection)

    def expire(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose | str] | None = None,
        reason: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a consent has come to its end (a contract ran out); it acts like a withdrawal."""
        return self._append(_no(EventKind.EXPIRE, party, content_ids, purposes, reason, at), connection)

    def opt_out(
        self,
        *,
        party: str,
        content_ids: Iterable[str] = (),
        fingerprints: Iterable[str] = (),
        purposes: Iterable[Purpose | str] | None = None,
        reason: str = "",
        refers_to: str | None = None,
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record an opt-out list, by content id and by acoustic fingerprint (matched by the catalogue)."""
        event = _no(EventKind.OPT_OUT, party, content_ids, purposes, reason, at, fingerprints=fingerprints)
        return self._append(dataclasses.replace(event, refers_to=refers_to), connection)

    def dispute(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose | str] | None = None,
        reason: str = "",
        evidence: Documents | None = None,
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a party contests the use; nothing it covers is allowed until the dispute is settled."""
        event = _no(EventKind.DISPUTE, party, content_ids, purposes, reason, at)
        return self._append(dataclasses.replace(event, evidence=self.evidence.file_all(evidence)), connection)

    def attach_evidence(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        evidence: Documents,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """File a document (a signed form, a licence text) about sounds; it changes no permission."""
        event = LedgerEvent(
            kind=EventKind.EVIDENCE,
            at=moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            evidence=self.evidence.file_all(evidence),
            note=note,
        )
        return self._append(event, connection)

    def _append(self, event: LedgerEvent, connection: sa.Connection | None) -> LedgerEvent:
        with contextlib.nullcontext(connection) if connection is not None else writing(self.engine) as own:
            return append_event(own, event)


def default_party() -> str:
    """The name that stands for "me" on this computer: the user's login name."""
    with contextlib.suppress(Exception):
        return clean_party(getpass.getuser())
    return "me"


def _sounds(content_ids: Iterable[str], *, needed: bool = True) -> tuple[str, ...]:
    if isinstance(content_ids, str):
        content_ids = [content_ids]
    named = tuple(sorted(set(content_ids)))
    if (needed and not named) or "" in named:
        raise UsageError(
            "No sound was named",
            cause="the query matched nothing",
            way_out="look at `woodshed library ls QUERY` first",
        )
    return named


def moment_or_empty(at: datetime | None) -> str:
    if at is None:
        return ""
    dated = moment(at)
    if at > datetime.now(UTC) + _CLOCK_SLACK:
        raise UsageError(
            f"The event is dated {dated}, in the future",
            cause="the clock of the computer is wrong",
            way_out="date it when it was said; use an expiry for what ends later",
        )
    return dated


def _no(
    kind: EventKind,
    party: str,
    content_ids: Iterable[str],
    purposes: Iterable[Purpose | str] | None,
    reason: str,
    at: datetime | None,
    *,
    fingerprints: Iterable[str] = (),
) -> LedgerEvent:
    named = purposes_named(purposes) if purposes is not None else ()
    if purposes is not None and not named:
        raise UsageError(
            f"The {kind} names no purpose",
            cause="the list of purposes is empty",
            way_out="leave the purposes out to mean all of them",
        )
    marks = tuple(sorted(set(fingerprints)))
    return LedgerEvent(
        kind=kind,
        at=moment_or_empty(at),
        party=clean_party(party),
        content_ids=_sounds(content_ids, needed=not marks),
        purposes=() if named == tuple(Purpose) else named,
        fingerprints=marks,
        note=reason,
    )
