"""The ledger in memory: which events speak about which sound, kept up to date from the chain and checked on the way.

Sounds that the same events name share one tuple of event numbers, so a decision is made once per tuple and not once
per sound; that is what makes a question about 100,000 sounds quick.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from woodshed.base.errors import LedgerDamaged
from woodshed.library.consent.chain import Head, damaged, read_chain, read_head
from woodshed.library.consent.events import GENESIS, LedgerEvent
from woodshed.library.consent.purposes import Decision, Purpose
from woodshed.library.consent.rules import Verdict, judge

Mentions = tuple[int, ...]  # numbers of the events that name a sound, in chain order


@dataclass(frozen=True, slots=True)
class _Standing:
    """A verdict and the span of time in which nothing can change it but a new event."""

    verdict: Verdict
    since: str
    until: str


class LedgerState:
    """Replays committed events, each once; ``refresh`` reads only what is new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.head = Head(0, GENESIS)
        self.events: list[LedgerEvent] = []
        self.mentions: dict[str, Mentions] = {}
        self._verdicts: dict[tuple[Purpose, Mentions], _Standing] = {}

    def refresh(self, connection: sa.Connection) -> None:
        """Take in what was committed since the last time.

        Raises
        ------
        LedgerDamaged
            If an event was changed, moved or is missing.
        """
        with self._lock:
            started_empty = not self.events
            try:
                self._replay(connection)
            except LedgerDamaged:
                self._forget()
                if started_empty:
                    raise
                self._replay_afresh(connection)

    def _replay_afresh(self, connection: sa.Connection) -> None:
        # the file may have been replaced by a whole one while this process was running
        try:
            self._replay(connection)
        except LedgerDamaged:
            self._forget()
            raise

    def _replay(self, connection: sa.Connection) -> None:
        for event in read_chain(connection, after=self.head):
            self._take(event)
        end = read_head(connection)
        if self.head != end:
            raise damaged(
                max(1, min(end.sequence, self.head.sequence)), "does not carry the date that was noted for it"
            )

    def _take(self, event: LedgerEvent) -> None:
        longer: dict[Mentions, Mentions] = {}
        for content_id in event.content_ids:
            before = self.mentions.get(content_id, ())
            if before not in longer:
                longer[before] = (*before, event.sequence)
            self.mentions[content_id] = longer[before]
        self.events.append(event)
        self.head = Head(event.sequence, event.hash, max(self.head.latest_at, event.at))

    def events_of(self, content_id: str) -> tuple[LedgerEvent, ...]:
        """The events that name a sound, oldest first."""
        return tuple(self.events[number - 1] for number in self.mentions.get(content_id, ()))

    def decide(self, content_ids: Iterable[str], purpose: Purpose, *, at: str) -> dict[str, Decision]:
        """One decision for each sound; sounds the ledger has never heard of are not allowed."""
        verdicts: dict[Mentions, Verdict] = {}
        decisions: dict[str, Decision] = {}
        with self._lock:
            for content_id in content_ids:
                mentions = self.mentions.get(content_id, ())
                verdict = verdicts.get(mentions)
                if verdict is None:
                    verdict = verdicts[mentions] = self._verdict(mentions, purpose, at=at)
                decisions[content_id] = _about(content_id, verdict, purpose)
        return decisions

    def _verdict(self, mentions: Mentions, purpose: Purpose, *, at: str) -> Verdict:
        standing = self._verdicts.get((purpose, mentions))
        if standing is not None and standing.since <= at < standing.until:
            return standing.verdict
        events = [self.events[number - 1] for number in mentions]
        verdict = judge(events, purpose, at=at)
        if at >= self.head.latest_at:
            ends = [event.expires_at for event in events if event.expires_at and event.expires_at > at]
            self._verdicts[purpose, mentions] = _Standing(verdict, since=at, until=min(ends, default="9999"))
        return verdict


def _about(content_id: str, verdict: Verdict, purpose: Purpose) -> Decision:
    return Decision(
        content_id=content_id,
        purpose=purpose,
        permission=verdict.permission,
        rule=verdict.rule,
        way_out=verdict.way_out.replace("{id}", content_id[:12]),
        owners=verdict.owners,
        credits=verdict.credits,
        events=verdict.events,
    )
