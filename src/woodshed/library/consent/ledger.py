"""The consent ledger: who allowed what for which sounds, and what that means now.

Events are only ever added. What a sound may be used for is worked out from them by the rules in ``rules.py``.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from woodshed.base.errors import ConsentRefused, UnknownName, UsageError
from woodshed.library.consent.chain import append_event, read_head
from woodshed.library.consent.events import EventKind, LedgerEvent, clean_party, moment, party_key
from woodshed.library.consent.evidence import EvidenceFolder
from woodshed.library.consent.licences import classify_licence
from woodshed.library.consent.purposes import Decision, Permission, Purpose
from woodshed.library.consent.report import LedgerReport, check_ledger
from woodshed.library.consent.state import LedgerState
from woodshed.library.store import reading, writing

ALLOW_ALL: Mapping[Purpose, Permission] = dict.fromkeys(Purpose, Permission.ALLOWED)
UNKNOWN_OWNER = "owner unknown"
_CLOCK_SLACK = timedelta(days=1)


class Ledger:
    """The ledger of one library file.

    Parameters
    ----------
    engine
        The library file, opened by ``open_store``.
    evidence_folder
        Where evidence files are kept; ``evidence`` beside the library file unless given.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.library.store import open_store
    >>> ledger = Ledger(open_store(Path(tempfile.mkdtemp()) / "library.sqlite"))
    >>> _ = ledger.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    >>> ledger.decide(["aa", "bb"], Purpose.GENERATIVE_TRAINING)["aa"].allowed
    True
    >>> _ = ledger.revoke(party="Anna", content_ids=["aa"], reason="changed my mind")
    >>> ledger.decide(["aa"], Purpose.GENERATIVE_TRAINING)["aa"].allowed
    False
    """

    def __init__(self, engine: sa.Engine, *, evidence_folder: Path | None = None) -> None:
        self.engine = engine
        beside = Path(engine.url.database or ".").parent / "evidence"
        self.evidence = EvidenceFolder(evidence_folder or beside)
        self._state = LedgerState()

    # -- adding events ------------------------------------------------------------------------------------------

    def grant(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        permissions: Mapping[Purpose, Permission],
        licence: str | None = None,
        credit: str | None = None,
        conditions: Iterable[str] = (),
        evidence: str | Path | None = None,
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
            A file, which is copied into the evidence folder, or the digest of one that lies there.
        at
            When it was said; now unless given. Dated at or before the party's last no, it does not lift that no.
        connection
            A transaction begun by ``writing``, when the grant must land together with something else.
        """
        if licence is not None and not permissions:
            return self.state_licence(
                party=party, content_ids=content_ids, licence=licence, credit=credit, evidence=evidence,
                expires_at=expires_at, note=note, at=at, connection=connection,
            )  # fmt: skip
        if not permissions:
            raise UsageError(
                "The grant allows nothing",
                cause="no purpose was named",
                way_out=f"name at least one purpose: {', '.join(Purpose)}",
            )
        event = LedgerEvent(
            kind=EventKind.GRANT,
            at=_moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            permissions={Purpose(purpose): Permission(said) for purpose, said in permissions.items()},
            licence=licence,
            credit=credit or None,
            conditions=tuple(conditions),
            evidence=self._filed(evidence),
            expires_at=moment(expires_at) if expires_at else None,
            note=note,
        )
        return self._append(event, connection)

    def grant_mine(
        self,
        *,
        content_ids: Iterable[str],
        party: str | None = None,
        evidence: str | Path | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record "these are mine": everything allowed by ``party`` (the user's name unless given)."""
        return self.grant(
            party=party or default_party(), content_ids=content_ids, permissions=ALLOW_ALL, evidence=evidence,
            note=note or "stated to be the user's own", at=at, connection=connection,
        )  # fmt: skip

    def state_licence(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        licence: str,
        credit: str | None = None,
        evidence: str | Path | None = None,
        expires_at: datetime | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record under which licence ``party`` published the sounds, as a fact and in the words it was found in."""
        event = LedgerEvent(
            kind=EventKind.LICENCE,
            at=_moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            licence=classify_licence(licence).spdx_id,
            credit=credit or None,
            evidence=self._filed(evidence),
            expires_at=moment(expires_at) if expires_at else None,
            note=note,
        )
        return self._append(event, connection)

    def revoke(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose] | None = None,
        reason: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a party withdraws its consent, to all purposes unless some are named."""
        return self._no(EventKind.REVOKE, party, content_ids, purposes, reason, at, connection)

    def expire(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose] | None = None,
        reason: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a consent has come to its end (a contract ran out); it acts like a withdrawal."""
        return self._no(EventKind.EXPIRE, party, content_ids, purposes, reason, at, connection)

    def opt_out(
        self,
        *,
        party: str,
        content_ids: Iterable[str] = (),
        fingerprints: Iterable[str] = (),
        purposes: Iterable[Purpose] | None = None,
        reason: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record an opt-out list, by content id and by acoustic fingerprint (matched by the catalogue)."""
        marks = tuple(sorted(set(fingerprints)))
        return self._no(EventKind.OPT_OUT, party, content_ids, purposes, reason, at, connection, fingerprints=marks)

    def dispute(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose] | None = None,
        reason: str = "",
        evidence: str | Path | None = None,
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """Record that a party contests the use; nothing it covers is allowed until the dispute is settled."""
        filed = self._filed(evidence)
        return self._no(EventKind.DISPUTE, party, content_ids, purposes, reason, at, connection, evidence=filed)

    def settle(
        self,
        dispute: str,
        *,
        party: str,
        evidence: str | Path | None = None,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """End a dispute: by the party that raised it, or by anyone who files evidence of the settlement.

        Raises
        ------
        ConsentRefused
            If another party settles it without evidence.
        """
        raised = self.find_event(dispute, kind=EventKind.DISPUTE)
        if evidence is None and party_key(clean_party(party)) != party_key(raised.party):
            raise ConsentRefused(
                f"{party} cannot settle the dispute that {raised.party} raised without evidence",
                cause="only the one who raised it can end it by word alone",
                way_out="file the written settlement with --evidence FILE",
            )
        event = LedgerEvent(
            kind=EventKind.SETTLE,
            at=_moment_or_empty(at),
            party=clean_party(party),
            content_ids=raised.content_ids,
            evidence=self._filed(evidence),
            settles=raised.hash,
            note=note,
        )
        return self._append(event, connection)

    def attach_evidence(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        evidence: str | Path,
        note: str = "",
        at: datetime | None = None,
        connection: sa.Connection | None = None,
    ) -> LedgerEvent:
        """File a document (a signed form, a licence text) about sounds; it changes no permission."""
        event = LedgerEvent(
            kind=EventKind.EVIDENCE,
            at=_moment_or_empty(at),
            party=clean_party(party),
            content_ids=_sounds(content_ids),
            evidence=self._filed(evidence),
            note=note,
        )
        return self._append(event, connection)

    # -- asking ---------------------------------------------------------------------------------------------------

    def decide(
        self, content_ids: Iterable[str], purpose: Purpose, *, at: datetime | None = None
    ) -> dict[str, Decision]:
        """What the ledger says now, or said at a moment, to one purpose for each sound.

        Raises
        ------
        LedgerDamaged
            If the chain does not add up; nothing is allowed from a ledger that was tampered with.
        """
        state = self._fresh()
        return state.decide(content_ids, Purpose(purpose), at=self._asked_at(at))

    def head(self, *, connection: sa.Connection | None = None) -> str:
        """The hash of the last event; 64 zeros while there is none."""
        if connection is not None:
            return read_head(connection).hash
        with reading(self.engine) as own:
            return read_head(own).hash

    def verify(self, *, known_heads: Iterable[str] = ()) -> LedgerReport:
        """Check the whole chain, the heads recorded elsewhere (exports, training manifests) and the evidence files.

        Raises
        ------
        LedgerDamaged
            Naming the first event, head or document that does not add up.
        """
        with reading(self.engine) as connection:
            return check_ledger(connection, self.evidence, known_heads=known_heads)

    def events(
        self, *, content_id: str | None = None, party: str | None = None, kind: EventKind | None = None
    ) -> list[LedgerEvent]:
        """The events, oldest first, of one sound, one party or one kind where asked."""
        state = self._fresh()
        found = state.events if content_id is None else state.events_of(content_id)
        return [
            event
            for event in found
            if (party is None or party_key(event.party) == party_key(clean_party(party)))
            and (kind is None or event.kind is kind)
        ]

    def find_event(self, prefix: str, *, kind: EventKind | None = None) -> LedgerEvent:
        """The one event whose hash begins with ``prefix``.

        Raises
        ------
        UnknownName
            If there is none, or more than one.
        """
        events = self.events(kind=kind)
        found = [event for event in events if prefix and event.hash.startswith(prefix)]
        if len(found) != 1:
            raise UnknownName(kind or "event", prefix, known=[event.hash[:12] for event in found or events])
        return found[0]

    # -- inside -----------------------------------------------------------------------------------------------------

    def _no(
        self,
        kind: EventKind,
        party: str,
        content_ids: Iterable[str],
        purposes: Iterable[Purpose] | None,
        reason: str,
        at: datetime | None,
        connection: sa.Connection | None,
        *,
        fingerprints: tuple[str, ...] = (),
        evidence: tuple[str, ...] = (),
    ) -> LedgerEvent:
        named = tuple(sorted({Purpose(purpose) for purpose in purposes})) if purposes is not None else ()
        if purposes is not None and not named:
            raise UsageError(
                f"The {kind} names no purpose",
                cause="the list of purposes is empty",
                way_out="leave the purposes out to mean all of them",
            )
        event = LedgerEvent(
            kind=kind, at=_moment_or_empty(at), party=clean_party(party), purposes=named, note=reason,
            content_ids=_sounds(content_ids, needed=not fingerprints), fingerprints=fingerprints, evidence=evidence,
        )  # fmt: skip
        return self._append(event, connection)

    def _append(self, event: LedgerEvent, connection: sa.Connection | None) -> LedgerEvent:
        with contextlib.nullcontext(connection) if connection is not None else writing(self.engine) as own:
            return append_event(own, event)

    def _fresh(self) -> LedgerState:
        with reading(self.engine) as connection:
            self._state.refresh(connection)
        return self._state

    def _asked_at(self, at: datetime | None) -> str:
        return moment(at) if at is not None else max(moment(datetime.now(UTC)), self._state.head.latest_at)

    def _filed(self, evidence: str | Path | None) -> tuple[str, ...]:
        return (self.evidence.file(evidence),) if evidence is not None else ()


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


def _moment_or_empty(at: datetime | None) -> str:
    if at is None:
        return ""
    if at > datetime.now(UTC) + _CLOCK_SLACK:
        raise UsageError(
            f"The event is dated {moment(at)}, in the future",
            cause="the clock of the computer is wrong",
            way_out="date it when it was said; use an expiry for what ends later",
        )
    return moment(at)
