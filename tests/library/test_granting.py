"""What `library add` says in whose name."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.base.errors import UnknownName, UsageError
from woodshed.library import Library, Purpose

LEARN = Purpose.GENERATIVE_TRAINING


def allowed(library: Library, purpose: Purpose = LEARN) -> int:
    """How many items a purpose may use."""
    return sum(d.allowed for d in library.decisions([i.content_id for i in library.items()], purpose).values())


def test_mine_allows_everything(library: Library, pack: Path) -> None:
    assert library.add(pack, mine=True).consented == 4
    assert [allowed(library, purpose) for purpose in Purpose] == [4] * len(Purpose)
    assert len(library.ledger.events()) == 1


def test_consent_can_come_later(library: Library, pack: Path) -> None:
    assert library.add(pack).without_consent == 4
    assert allowed(library) == 0
    report = library.add(pack, owner="Ada", licence="CC0-1.0")
    assert (report.decoded, report.consented, report.without_consent) == (0, 4, 0)
    assert allowed(library) == 4
    assert len(library.items("owner:ada")) == 4
    assert len(library.items("-owner:ada")) == 0


def test_a_licence_that_is_closed_and_a_word_beside_it(library: Library, pack: Path) -> None:
    library.add(pack, owner="Ada", licence="CC-BY-NC-4.0")
    assert allowed(library) == 0
    library.add(pack, owner="Ada", allow=["generative-training,ai-training"])
    assert (allowed(library), allowed(library, Purpose.SELL_OUTPUTS)) == (4, 0)


def test_a_repeated_scan_does_not_undo_a_withdrawal(library: Library, pack: Path) -> None:
    library.add(pack, owner="Ada", allow=["all"])
    library.ledger.revoke(party="Ada", content_ids=[library.items()[0].content_id])
    assert library.add(pack, owner="Ada", allow=["all"]).consented == 0
    assert allowed(library) == 3


def test_evidence_is_filed_once(library: Library, pack: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("You may.")
    library.add(pack, owner="Ada", allow=["all"], evidence=letter)
    digests = {digest for event in library.ledger.events() for digest in event.evidence}
    assert len(digests) == 1
    letter.unlink()
    assert library.ledger.verify().evidence_checked == 1


def test_statements_that_do_not_fit(library: Library, pack: Path) -> None:
    with pytest.raises(UsageError, match=r"not whose the sounds are.*--owner NAME"):
        library.add(pack, licence="MIT")
    with pytest.raises(UsageError, match=r"--mine already allows everything"):
        library.add(pack, mine=True, licence="MIT")
    with pytest.raises(UsageError, match=r"Nothing says what Ada allows.*--licence"):
        library.add(pack, owner="Ada")
    with pytest.raises(UnknownName, match=r"no purpose 'generative'.*near: generative-training"):
        library.add(pack, owner="Ada", allow=["generative"])
    assert library.items() == []
