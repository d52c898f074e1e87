"""A hundred thousand sounds: one question, one answer for each, and a warm ledger that follows what is new."""

from __future__ import annotations

from pathlib import Path

from woodshed.library.consent import ALLOW_ALL, Ledger, Permission, Purpose
from woodshed.library.store import open_store


def test_a_hundred_thousand_sounds(library_path: Path) -> None:
    ledger = Ledger(open_store(library_path))
    sounds = [f"{number:032x}" for number in range(100_000)]
    ledger.grant(party="Anna", content_ids=sounds[:60_000], permissions=ALLOW_ALL)
    ledger.state_licence(party="Boris", content_ids=sounds[50_000:], licence="CC-BY-4.0")
    ledger.revoke(party="Anna", content_ids=sounds[:1_000])
    for _ in range(2):
        decisions = ledger.decide(sounds, Purpose.GENERATIVE_TRAINING)
        counts = {said: sum(d.permission is said for d in decisions.values()) for said in Permission}
        assert counts == {Permission.NOT_ALLOWED: 1_000, Permission.ALLOWED: 49_000, Permission.CONSTRAINED: 50_000}
    Ledger(ledger.engine).dispute(party="Carl", content_ids=sounds[-1:])
    assert sum(decision.allowed for decision in ledger.decide(sounds, Purpose.GENERATIVE_TRAINING).values()) == 98_999
