"""The consent ledger: who allowed what for which sounds, and what that means now.

Events are only ever added. What a sound may be used for is worked out from them by the rules in ``rules.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from woodshed.base.errors import ConsentRefused, UnknownName
from woodshed.library.consent.chain import read_head
from woodshed.library.consent.desk import Desk
from woodshed.library.consent.events import EventKind, LedgerEvent, clean_party, moment, party_key
from woodshed.library.consent.evidence import Documents
from woodshed.library.consent.exchange import ImportReport, merge_export, read_export, write_export
from woodshed.library.consent.purposes import Decision, Purpose
from woodshed.library.consent.recording import Recorder, moment_or_empty
from woodshed.library.consent.report import LedgerReport, check_ledger
from woodshed.library.consent.state import LedgerState
from woodshed.library.consent.words import Explanation, explain, purpose_named
from woodshed.library.store import reading, writing


@dataclass(frozen=True)
class Party:
    """Someone in the ledger: how many events are theirs, how many sounds those name, and the date of the last."""

    name: str
    events: int
    sounds: int
    last_at: str


@dataclass(frozen=True)
class OptOutMark:
    """One acoustic fingerprint that a party asked to leave out; ``event`` is the hash of its list."""

    fingerprint: str
    party: str
    purposes: tuple[Purpose, ...]
    event: str


class Ledger(Recorder):
    """The ledger of one library file: what ``Recorder`` adds, and every question to it.

    Parameters
    ----------
    engine
        The library file, opened by ``open_store``.
    evidence_folder
        Where evidence files are kept; ``evidence`` beside the library file unless given.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.library.consent import ALLOW_ALL
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
        super().__init__(engine, evidence_folder=evidence_folder)
        self._state = LedgerState()

    @property
    def desk(self) -> Desk:
        """The ledger for people: words, forms, lists and sentences."""
        return Desk(self)

    def decide(
        self, content_ids: Iterable[str], purpose: Purpose | str, *, at: datetime | None = None
    ) -> dict[str, Decision]:
        """What the ledger says now, or said at a moment, to one purpose for each sound.

        Raises
        ------
        LedgerDamaged
            If the chain does not add up; nothing is allowed from a ledger that was tampered with.
        """
        state = self._fresh()
        return state.decide(content_ids, purpose_named(purpose), at=self._asked_at(at))

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

    def explain(self, content_id: str, purpose: Purpose | str, *, at: datetime | None = None) -> Explanation:
        """Why a sound may or may not be used: the decision, the chain of events about it, and the way out."""
        decision = self.decide([content_id], purpose, at=at)[content_id]
        return explain(decision, self._state.events_of(content_id))

    def parties(self) -> list[Party]:
        """Everyone the ledger names, in alphabetical order."""
        events: dict[str, list[LedgerEvent]] = {}
        for event in self._fresh().events:
            events.setdefault(party_key(event.party), []).append(event)
        return [_party(events[key]) for key in sorted(events)]

    def opt_out_marks(self) -> list[OptOutMark]:
        """The acoustic fingerprints on opt-out lists, for the catalogue to match."""
        return [
            OptOutMark(fingerprint, event.party, event.purposes, event.hash)
            for event in self.events(kind=EventKind.OPT_OUT)
            for fingerprint in event.fingerprints
        ]

    # -- settling, exchanging ---------------------------------------------------------------------------------------

    def settle(
        self,
        dispute: str,
        *,
        party: str,
        evidence: Documents | None = None,
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
            at=moment_or_empty(at),
            party=clean_party(party),
            content_ids=raised.content_ids,
            evidence=self.evidence.file_all(evidence),
            refers_to=raised.hash,
            note=note,
        )
        return self._append(event, connection)

    def apply_opt_out(
        self, mark: OptOutMark, content_ids: Iterable[str], *, connection: sa.Connection | None = None
    ) -> LedgerEvent | None:
        """Opt the sounds out that a fingerprint matched, once for each; None where that was done before.

        A sound the party has re-allowed since stays re-allowed: the same list never refuses a sound twice.
        """
        done = {
            content_id
            for event in self.events(kind=EventKind.OPT_OUT)
            if event.refers_to == mark.event
            for content_id in event.content_ids
        }
        fresh = sorted(set(content_ids) - done)
        if not fresh:
            return None
        return self.opt_out(
            party=mark.party,
            content_ids=fresh,
            purposes=mark.purposes or None,
            reason="sounds like one on the opt-out list",
            refers_to=mark.event,
            connection=connection,
        )

    def export_json(self, path: str | Path) -> str:
        """Write the whole ledger as JSON lines and return its head, worth noting elsewhere."""
        return write_export(Path(path), self.events())

    def import_json(self, path: str | Path) -> ImportReport:
        """Add what an export holds beyond this ledger; doing it again changes nothing.

        Raises
        ------
        LedgerDamaged
            If the export was changed.
        LibraryError
            If both ledgers hold events that the other lacks.
        """
        events = read_export(Path(path))
        with writing(self.engine) as connection:
            return merge_export(connection, events)

    def find_sounds(self, prefix: str) -> list[str]:
        """Content ids in the ledger that begin so; for sounds that are in no catalogue any more."""
        mentions = self._fresh().mentions
        return sorted(content_id for content_id in mentions if prefix and content_id.startswith(prefix))

    # -- inside -------------------------------------------------------------------------------------------------

    def _fresh(self) -> LedgerState:
        with reading(self.engine) as connection:
            self._state.refresh(connection)
        return self._state

    def _asked_at(self, at: datetime | None) -> str:
        return moment(at) if at is not None else max(moment(datetime.now(UTC)), self._state.head.latest_at)


def _party(events: list[LedgerEvent]) -> Party:
    sounds = {content_id for event in events for content_id in event.content_ids}
    return Party(events[-1].party, len(events), len(sounds), max(event.at for event in events))
