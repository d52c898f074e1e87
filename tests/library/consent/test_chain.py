"""Tampering: whatever is changed in the file, the ledger says so and names the first event that does not fit."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.base.errors import LedgerDamaged
from woodshed.library.consent import ALLOW_ALL, Ledger, Purpose
from woodshed.library.consent.chain import chain_hash
from woodshed.library.store import open_store, writing

TRAIN = Purpose.GENERATIVE_TRAINING


def filled(path: Path) -> Ledger:
    ledger = Ledger(open_store(path))
    ledger.grant(party="Anna", content_ids=["aa", "bb"], permissions=ALLOW_ALL)
    ledger.revoke(party="Anna", content_ids=["bb"])
    ledger.state_licence(party="Boris", content_ids=["cc"], licence="CC0-1.0")
    ledger.dispute(party="Carl", content_ids=["cc"], reason="mine")
    return ledger


def tamper(path: Path, statement: str, *values: object) -> None:
    """Write past every fence but the chain."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize("verb", ["UPDATE consent_events SET payload = 'x'", "DELETE FROM consent_events"])
def test_the_table_itself_refuses_changes(library_path: Path, verb: str) -> None:
    ledger = filled(library_path)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), writing(ledger.engine) as connection:
        connection.exec_driver_sql(verb)
    assert ledger.verify().events == 4


TAMPERINGS = {
    "payload": ("UPDATE consent_events SET payload = replace(payload, 'revoke', 'expire') WHERE sequence = 2", 2),
    "date": ('UPDATE consent_events SET payload = replace(payload, \'"at":"20\', \'"at":"21\') WHERE sequence = 1', 1),
    "hash": ("UPDATE consent_events SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE sequence = 3", 3),
    "previous": ("UPDATE consent_events SET previous = 'x' WHERE sequence = 3", 3),
    "middle removed": ("DELETE FROM consent_events WHERE sequence = 2", 2),
    "start removed": ("DELETE FROM consent_events WHERE sequence = 1", 1),
    "tail cut off": ("DELETE FROM consent_events WHERE sequence > 2", 3),
    "all removed": ("DELETE FROM consent_events", 1),
    "renumbered": ("UPDATE consent_events SET sequence = 9 WHERE sequence = 4", 4),
    "swapped": (
        "UPDATE consent_events SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END WHERE sequence IN (2, 3)",
        1,
    ),
    "payload as bytes": ("UPDATE consent_events SET payload = CAST(payload AS BLOB) WHERE sequence = 2", 2),
    "noted head": ("UPDATE consent_head SET sequence = 3", 4),
    "noted hash": ("UPDATE consent_head SET hash = 'x'", 4),
    "noted date": ("UPDATE consent_head SET latest_at = 'x'", 4),
    "noted head removed": ("DELETE FROM consent_head", 1),
}


@pytest.mark.parametrize(("statement", "first"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_is_found_and_the_first_bad_event_is_named(library_path: Path, statement: str, first: int) -> None:
    used = filled(library_path)
    assert used.decide(["aa"], TRAIN)["aa"].allowed
    tamper(library_path, statement)
    fresh = Ledger(open_store(library_path))
    questions: list[Callable[[], object]] = [
        fresh.verify,
        lambda: fresh.decide(["aa"], TRAIN),
        lambda: fresh.explain("aa", TRAIN),
        used.verify,
    ]
    for question in questions:
        with pytest.raises(LedgerDamaged, match=f"Event {first} of the consent ledger"):
            question()


def test_two_events_in_each_others_place_are_found(library_path: Path) -> None:
    filled(library_path)
    for statement in (
        "UPDATE consent_events SET sequence = -sequence WHERE sequence IN (2, 3)",
        "UPDATE consent_events SET sequence = 3 WHERE sequence = -2",
        "UPDATE consent_events SET sequence = 2 WHERE sequence = -3",
    ):
        tamper(library_path, statement)
    with pytest.raises(LedgerDamaged, match="Event 2 of the consent ledger does not follow"):
        Ledger(open_store(library_path)).verify()


def test_a_forged_event_behind_the_end_is_found(library_path: Path) -> None:
    ledger = filled(library_path)
    last = ledger.events()[-1]
    payload = '{"at":"2026-01-01T00:00:00.000000Z","kind":"grant","party":"X","v":1}'
    row = (5, last.hash, chain_hash(last.hash, payload), payload)
    tamper(library_path, "INSERT INTO consent_events VALUES (?, ?, ?, ?)", *row)
    with pytest.raises(LedgerDamaged, match=r"Event 5 .* was put there by something else"):
        Ledger(open_store(library_path)).decide(["aa"], TRAIN)


def test_a_ledger_rewritten_as_a_whole_is_found_by_a_head_known_elsewhere(tmp_path: Path) -> None:
    known = filled(tmp_path / "one.sqlite").head()
    other = Ledger(open_store(tmp_path / "two.sqlite"))
    other.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    assert other.verify(known_heads=[other.head()]).events == 1
    with pytest.raises(LedgerDamaged, match=f"The head {known[:12]} recorded elsewhere is not in the consent ledger"):
        other.verify(known_heads=[known])


def test_a_file_replaced_by_an_older_whole_one_is_read_afresh(library_path: Path) -> None:
    ledger = filled(library_path)
    assert ledger.decide(["cc"], TRAIN)["cc"].rule.startswith("Carl disputes")
    event = ledger.events()[2]
    tamper(library_path, "DELETE FROM consent_events WHERE sequence > 3")
    values = (3, event.hash, max(event.at for event in ledger._state.events[:3]))
    tamper(library_path, "UPDATE consent_head SET sequence = ?, hash = ?, latest_at = ?", *values)
    assert ledger.decide(["cc"], TRAIN)["cc"].allowed


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    path = tmp_path_factory.mktemp("whole") / "library.sqlite"
    ledger = filled(path)
    tamper(path, "SELECT 1")  # takes the triggers away
    return ledger


@settings(deadline=None, max_examples=50)
@given(
    row=st.integers(1, 4),
    column=st.sampled_from(["previous", "hash", "payload"]),
    where=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 6),
)
def test_any_single_changed_byte_is_found(whole: Ledger, row: int, column: str, where: float, bit: int) -> None:
    path = whole.engine.url.database
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    (text,) = connection.execute(f"SELECT {column} FROM consent_events WHERE sequence = ?", (row,)).fetchone()
    changed = bytearray(text.encode())
    changed[int(where * len(changed))] ^= 1 << bit
    update = f"UPDATE consent_events SET {column} = ? WHERE sequence = ?"
    connection.execute(update, (changed.decode(), row))
    try:
        with pytest.raises(LedgerDamaged, match=f"Event ({row}|{row + 1}) "):
            Ledger(whole.engine).verify()
    finally:
        connection.execute(update, (text, row))
        connection.close()
    assert Ledger(whole.engine).verify().events == 4


WRITER = """
import sys
import time
from pathlib import Path
from woodshed.library.consent import ALLOW_ALL, Ledger
from woodshed.library.store import open_store

ledger = Ledger(open_store(Path(sys.argv[1])))
for number in range(int(sys.argv[3])):
    event = ledger.grant(party=sys.argv[2], content_ids=[f"{number:04x}"], permissions=ALLOW_ALL)
    print(event.hash, flush=True)
"""


def start_writer(path: Path, party: str, count: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITER, str(path), party, str(count)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_queue_up(library_path: Path) -> None:
    ledger = Ledger(open_store(library_path))
    writers = [start_writer(library_path, party, 12) for party in ("Anna", "Boris")]
    while any(writer.poll() is None for writer in writers):
        ledger.verify()
        time.sleep(0.1)
    assert [len(writer.communicate()[0].split()) for writer in writers] == [12, 12]
    report = ledger.verify()
    assert (report.events, report.sounds, report.parties) == (24, 12, ("Anna", "Boris"))
    assert all(decision.allowed for decision in ledger.decide([f"{n:04x}" for n in range(12)], TRAIN).values())


def test_a_writer_killed_at_any_moment_leaves_a_whole_chain(library_path: Path) -> None:
    ledger = Ledger(open_store(library_path))
    writer = start_writer(library_path, "Anna", 10_000)
    assert writer.stdout is not None
    reported = [writer.stdout.readline().strip() for _ in range(20)]
    writer.kill()
    reported += writer.communicate()[0].split()
    written = [event.hash for event in ledger.events()]
    assert written[: len(reported)] == reported, "what was reported as written is there"
    assert ledger.verify().events - len(reported) in (0, 1)


def test_a_payload_of_a_newer_woodshed_is_named(library_path: Path) -> None:
    ledger = Ledger(open_store(library_path))
    payload = json.dumps({"v": 2, "kind": "grant"})
    digest = chain_hash("0" * 64, payload)
    tamper(library_path, "INSERT INTO consent_events VALUES (1, ?, ?, ?)", "0" * 64, digest, payload)
    with pytest.raises(LedgerDamaged, match="upgrade Woodshed"):
        ledger.verify()
