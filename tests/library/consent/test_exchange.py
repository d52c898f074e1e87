"""Export and import: a round trip changes nothing, a prefix grows, a fork is refused, a changed file is found."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from woodshed.base.errors import LedgerDamaged, LibraryError, UsageError
from woodshed.library.consent import ALLOW_ALL, GENESIS, Ledger, Permission, Purpose
from woodshed.library.store import open_store

TRAIN = Purpose.GENERATIVE_TRAINING


def new_ledger(folder: Path, name: str) -> Ledger:
    return Ledger(open_store(folder / name))


NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8).filter(lambda name: name.split())


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(
        st.tuples(NAMES, st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(list(Permission)), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_a_round_trip_keeps_every_event_and_every_answer(
    tmp_path: Path, said: list[tuple[str, list[str], Permission, bool]]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    one, two = new_ledger(folder, "one.sqlite"), new_ledger(folder, "two.sqlite")
    for party, sounds, permission, revoked in said:
        one.grant(party=party, content_ids=sounds, permissions={TRAIN: permission}, credit=party, note=party)
        if revoked:
            one.revoke(party=party, content_ids=sounds[:1], reason=party)
    head = one.export_json(folder / "ledger.jsonl")
    report = two.import_json(folder / "ledger.jsonl")
    assert (report.shared, report.added, report.head) == (0, len(one.events()), head)
    assert two.head() == one.head() == head
    assert two.events() == one.events()
    every = sorted({sound for _, sounds, _, _ in said for sound in sounds})
    assert two.decide(every, TRAIN) == one.decide(every, TRAIN)


def test_importing_again_changes_nothing_and_a_longer_export_adds_the_rest(tmp_path: Path) -> None:
    one, two = new_ledger(tmp_path, "one.sqlite"), new_ledger(tmp_path, "two.sqlite")
    one.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    one.export_json(tmp_path / "short.jsonl")
    one.revoke(party="Anna", content_ids=["aa"])
    one.export_json(tmp_path / "long.jsonl")
    assert two.import_json(tmp_path / "short.jsonl").added == 1
    assert two.import_json(tmp_path / "short.jsonl").added == 0
    longer = two.import_json(tmp_path / "long.jsonl")
    assert (longer.shared, longer.added) == (1, 1)
    shorter = two.import_json(tmp_path / "short.jsonl")
    assert (shorter.shared, shorter.added, shorter.head) == (1, 0, one.head())
    assert not two.decide(["aa"], TRAIN)["aa"].allowed
    two.verify(known_heads=[one.head()])


def test_an_empty_ledger_travels_too(tmp_path: Path, ledger: Ledger) -> None:
    assert ledger.export_json(tmp_path / "empty.jsonl") == GENESIS
    assert ledger.import_json(tmp_path / "empty.jsonl").added == 0


def test_a_fork_is_refused_and_nothing_is_added(tmp_path: Path) -> None:
    one, two = new_ledger(tmp_path, "one.sqlite"), new_ledger(tmp_path, "two.sqlite")
    one.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    two.import_json(_exported(one, tmp_path))
    one.grant(party="Anna", content_ids=["bb"], permissions=ALLOW_ALL)
    two.revoke(party="Anna", content_ids=["aa"])
    head = two.head()
    with pytest.raises(LibraryError, match="The two ledgers share 1 events and then part") as caught:
        two.import_json(_exported(one, tmp_path))
    assert "new workspace" in caught.value.way_out
    assert two.head() == head


def _exported(ledger: Ledger, folder: Path) -> Path:
    path = folder / "ledger.jsonl"
    ledger.export_json(path)
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    one = new_ledger(tmp_path, "source.sqlite")
    for number in range(4):
        one.grant(party="Anna", content_ids=[f"{number:02x}"], permissions=ALLOW_ALL)
    return _exported(one, tmp_path)


@pytest.mark.parametrize("edit", ["change", "remove", "cut", "swap", "add"])
def test_a_changed_export_is_found(export: Path, ledger: Ledger, edit: str) -> None:
    lines = export.read_text().splitlines()
    if edit == "change":
        lines[2] = lines[2].replace("Anna", "Emma")
    elif edit == "remove":
        del lines[2]
    elif edit == "cut":
        del lines[-1]
    elif edit == "swap":
        lines[2], lines[3] = lines[3], lines[2]
    else:
        lines.append(json.dumps({"sequence": 5, "previous": "x", "hash": "y", "event": {}}))
    export.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerDamaged, match=r"Event [2-5] of the consent ledger"):
        ledger.import_json(export)
    assert ledger.head() == GENESIS


@pytest.mark.parametrize("text", ["", "hello", "[]", '{"format": "other", "version": 1}', "\x00\xff", "5\n"])
def test_another_file_is_named_as_such(tmp_path: Path, ledger: Ledger, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match="is no export of a consent ledger"):
        ledger.import_json(path)
    with pytest.raises(UsageError, match="There is no file"):
        ledger.import_json(tmp_path / "missing.jsonl")


def test_events_from_the_future_are_not_imported(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_ledger(tmp_path, "other.sqlite")
    monkeypatch.setattr("woodshed.library.consent.chain._later_than", lambda _: "2999-01-01T00:00:00.000000Z")
    other.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    with pytest.raises(UsageError, match=r"dated 2999-01-01.* in the future"):
        ledger.import_json(_exported(other, tmp_path))
    assert ledger.head() == GENESIS
