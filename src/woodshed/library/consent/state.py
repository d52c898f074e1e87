"""The ledger in memory: which events speak about which sound, kept up to date from the chain and checked on the way.

Sounds that the same events name share one tuple of event numbers, so a decision is made once per tuple and not once
per sound; that is what makes a question about 100,000 sounds quick.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import sqlalchemy as sa

from woodshed.library.consent.chain import Head, damaged, read_chain, read_head
from woodshed.library.consent.events import GENESIS, LedgerEvent
from woodshed.library.consent.purposes import Decision, Purpose
from woodshed.library.consent.rules import Verdict, judge

Mentions = tuple[int, ...]  # numbers of the events that name a sound, in chain order


class LedgerState:
    """Replays committed events, each once; ``refresh`` reads only what is new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.head = Head(0, GENESIS)
        self.events: list[LedgerEvent] = []
        self.mentions: dict[str, Mentions] = {}

    def refresh(self, connection: sa.Connection) -> None:
        """Take in what was committed since the last time.

        Raises
        ------
        LedgerDamaged
            If an event was changed, moved or is missing.
        """
        with self._lock:
            end = read_head(connection)
            if end.sequence < self.head.sequence:
                self._forget()
            try:
                for event in read_chain(connection, after=self.head):
                    self._take(event)
                if self.head != end:
                    raise damaged(end.sequence, "is not what was read here before, or its date was changed")
            except BaseException:
                self._forget()
                raise

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
        for content_id in content_ids:
            mentions = self.mentions.get(content_id, ())
            verdict = verdicts.get(mentions)
            if verdict is None:
                verdict = judge([self.events[number - 1] for number in mentions], purpose, at=at)
                verdicts[mentions] = verdict
            decisions[content_id] = _about(content_id, verdict, purpose)
        return decisions


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
