"""Documents behind the ledger: filed once, whole, under their digest, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.base.errors import LedgerDamaged, UsageError
from woodshed.library.consent import ALLOW_ALL, EventKind, Ledger, Purpose


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "Letter from Anna.PDF"
    path.write_bytes(b"yes, you may")
    return path


def test_a_document_is_copied_and_named_by_its_digest(ledger: Ledger, letter: Path, library_path: Path) -> None:
    event = ledger.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL, evidence=letter)
    (digest,) = event.evidence
    assert (library_path.parent / "evidence" / f"{digest}.pdf").read_bytes() == b"yes, you may"
    again = ledger.attach_evidence(party="Anna", content_ids=["aa"], evidence=[digest, letter])
    assert (again.kind, again.evidence) == (EventKind.EVIDENCE, (digest,))
    letter.unlink()
    report = ledger.verify()
    assert (report.evidence_checked, report.evidence_missing) == (1, ())


def test_a_changed_document_is_damage_and_a_missing_one_is_named(ledger: Ledger, letter: Path) -> None:
    event = ledger.attach_evidence(party="Anna", content_ids=["aa"], evidence=letter)
    (digest,) = event.evidence
    filed = ledger.evidence.find(digest)
    assert filed is not None
    filed.write_bytes(b"no, you may not")
    with pytest.raises(LedgerDamaged, match="is not the document that was filed"):
        ledger.verify()
    filed.unlink()
    assert ledger.verify().evidence_missing == (digest,)


def test_evidence_alone_allows_nothing(ledger: Ledger, letter: Path) -> None:
    ledger.attach_evidence(party="Anna", content_ids=["aa"], evidence=letter)
    decision = ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"]
    assert not decision.allowed
    assert decision.owners == ()


def test_a_document_that_is_not_there_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no evidence file"):
        ledger.grant(party="A", content_ids=["aa"], permissions=ALLOW_ALL, evidence=tmp_path / "none.pdf")
    assert ledger.events() == []


def test_another_folder_can_be_given(ledger: Ledger, letter: Path, tmp_path: Path) -> None:
    elsewhere = Ledger(ledger.engine, evidence_folder=tmp_path / "papers")
    elsewhere.attach_evidence(party="Anna", content_ids=["aa"], evidence=letter)
    assert len(list((tmp_path / "papers").iterdir())) == 1
    assert ledger.verify().evidence_missing
