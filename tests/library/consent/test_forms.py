"""The consent form: what is printed, what a complete form becomes, and what an incomplete one says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from woodshed.base.errors import UsageError
from woodshed.library.consent import ConsentAnswers, EventKind, Ledger, Permission, Purpose, form_page, form_text
from woodshed.library.consent.answers import answers_from
from woodshed.library.consent.form_words import LICENCE_OPTIONS, NO_ADVICE, PURPOSE_QUESTIONS, RIGHTS_KEPT, WITHDRAWAL

TODAY = datetime.now(UTC).date()
COMPLETE = ConsentAnswers(
    maker="Anna Berg",
    receiver="Studio Nord",
    sounds="Kitchen Kit",
    purposes={Purpose.GENERATIVE_TRAINING: "credit", Purpose.AI_TRAINING: "yes", Purpose.SELL_OUTPUTS: "no"},
    licence="none",
    own_rights=True,
    signed_on=TODAY,
    signature="Anna Berg",
)


class Tags(HTMLParser):
    """Collects tags, to see that the page is well formed and loads nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input":
            self.inputs.append(values)
        self.links += [str(values[name]) for name in ("src", "href", "action") if name in values]
        if tag not in ("input", "meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def test_the_blank_form_asks_everything_and_ticks_nothing() -> None:
    page, text = form_page(ConsentAnswers()), form_text(ConsentAnswers())
    flat = " ".join(text.split())
    for sentence in (
        *(word for pair in PURPOSE_QUESTIONS.values() for word in pair),
        *(option.title for option in LICENCE_OPTIONS),
        *RIGHTS_KEPT,
        *WITHDRAWAL,
        NO_ADVICE,
    ):
        assert sentence in page
        assert " ".join(sentence.split()) in flat
    tags = parsed(page)
    assert not any("checked" in field for field in tags.inputs)
    assert {field["data-purpose"] for field in tags.inputs if "data-purpose" in field} == set(Purpose)
    assert "[x]" not in text
    assert max(map(len, text.splitlines())) <= 78


def test_the_page_loads_nothing_and_prints_on_a4() -> None:
    page = form_page(COMPLETE)
    assert parsed(page).links == []
    assert "@page { size: A4" in page
    assert "://" not in page


def test_a_prefilled_page_escapes_and_ticks() -> None:
    page = form_page(COMPLETE.model_copy(update={"maker": '"><script>x()'}), sound_names=["<b>.wav"])
    tags = parsed(page)
    assert "<script>x()" not in page
    assert "&lt;b&gt;.wav" in page
    ticked = {(f["data-purpose"], f["value"]) for f in tags.inputs if "data-purpose" in f and "checked" in f}
    assert ticked == {("generative-training", "credit"), ("ai-training", "yes")}
    assert any(field.get("name") == "licence" and "checked" in field for field in tags.inputs)


def test_a_complete_form_becomes_evidence_and_a_grant(ledger: Ledger) -> None:
    filed = ledger.desk.file_form(COMPLETE, ["aa", "bb"], sound_names=["kick.wav"])
    (grant,) = filed.events
    assert (grant.kind, grant.evidence, grant.credit) == (EventKind.GRANT, filed.evidence, "Anna Berg")
    page, record = (ledger.evidence.find(digest) for digest in filed.evidence)
    assert page is not None and page.suffix == ".html" and "Anna Berg" in page.read_text()  # noqa: PT018
    assert record is not None
    answers = json.loads(record.read_text())
    assert answers["content_ids"] == ["aa", "bb"]
    assert ConsentAnswers.model_validate(answers["answers"]) == COMPLETE
    decision = ledger.decide(["bb"], Purpose.GENERATIVE_TRAINING)["bb"]
    assert (decision.permission, decision.credits) == (Permission.CONSTRAINED, ("Anna Berg",))
    assert ledger.decide(["bb"], Purpose.AI_TRAINING)["bb"].permission is Permission.ALLOWED
    assert not ledger.decide(["bb"], Purpose.SHARE_AUDIO)["bb"].allowed
    assert ledger.verify().evidence_checked == 2


def test_an_empty_box_is_a_no_even_under_an_open_licence(ledger: Ledger) -> None:
    filed = ledger.desk.file_form(COMPLETE.model_copy(update={"licence": "CC0-1.0"}), ["aa"])
    assert [event.kind for event in filed.events] == [EventKind.LICENCE, EventKind.GRANT]
    assert not ledger.decide(["aa"], Purpose.SHARE_AUDIO)["aa"].allowed
    assert ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"].allowed


def test_a_form_older_than_a_withdrawal_does_not_lift_it(ledger: Ledger) -> None:
    ledger.revoke(party="Anna Berg", content_ids=["aa"])
    older = COMPLETE.model_copy(update={"signed_on": TODAY - timedelta(days=3)})
    ledger.desk.file_form(older, ["aa"])
    assert not ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"].allowed
    ledger.desk.file_form(COMPLETE, ["aa"])
    assert ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"].allowed


def test_a_form_with_an_end_ends_after_that_day(ledger: Ledger) -> None:
    last = TODAY + timedelta(days=30)
    ledger.desk.file_form(COMPLETE.model_copy(update={"expires_on": last}), ["aa"])
    noon = datetime.combine(last, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    assert ledger.decide(["aa"], Purpose.AI_TRAINING, at=noon)["aa"].allowed
    assert not ledger.decide(["aa"], Purpose.AI_TRAINING, at=noon + timedelta(days=1))["aa"].allowed


def test_a_wish_that_software_cannot_keep_counts_as_no(ledger: Ledger) -> None:
    ledger.desk.file_form(COMPLETE.model_copy(update={"conditions": "not for adverts"}), ["aa"])
    assert "not for adverts" in ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"].rule


def test_an_incomplete_form_names_all_that_is_missing(ledger: Ledger) -> None:
    with pytest.raises(UsageError) as caught:
        ledger.desk.file_form(ConsentAnswers(purposes={Purpose.AI_TRAINING: "no"}), ["aa"])
    assert caught.value.problem == (
        "The form is not complete: the maker's name, the tick at 'I made these sounds myself', the date, "
        "the signature (typed or 'on paper'), at least one purpose with a yes missing"
    )
    tomorrow = COMPLETE.model_copy(update={"signed_on": TODAY + timedelta(days=9)})
    with pytest.raises(UsageError, match="a date that is not in the future"):
        ledger.desk.file_form(tomorrow, ["aa"])
    assert ledger.events() == []
    assert not ledger.evidence.folder.exists()


def test_answers_saved_by_the_page_are_read_and_slips_are_named(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "consent-answers.json"
    path.write_text(COMPLETE.model_dump_json())
    scan = tmp_path / "scan.jpg"
    scan.write_bytes(b"a photo")
    filed = ledger.desk.file_form(path, ["aa"], scan=scan)
    assert len(filed.evidence) == 3
    path.write_text('{"maker": "Anna", "mood": "good"}')
    with pytest.raises(UsageError, match="holds no answers of a consent form"):
        ledger.desk.file_form(path, ["aa"])
    with pytest.raises(UsageError, match="purposes ai-training"):
        answers_from({"ai-training": "perhaps"})


def test_the_questions_one_by_one_make_the_same_answers(ledger: Ledger, tmp_path: Path) -> None:
    given = {question.field: question.default for question in ledger.desk.questions()}
    given |= {"maker": "Anna Berg", "ai-training": "yes", "own_rights": "yes", "signature": "on paper"}
    given |= {"signed_on": TODAY.isoformat()}
    answers = answers_from(given)
    assert answers.licence == "none"
    assert set(answers.purposes) == set(Purpose)
    ledger.desk.file_form(given, ["aa"])
    assert ledger.decide(["aa"], Purpose.AI_TRAINING)["aa"].allowed
    for name in ("form.txt", "form.html"):
        ledger.desk.write_form(tmp_path / name, answers=given, sound_names=["kick\n.wav"])
    assert "[x] yes" in (tmp_path / "form.txt").read_text()
    parsed((tmp_path / "form.html").read_text())
