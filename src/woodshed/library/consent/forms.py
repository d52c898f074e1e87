"""The consent form as text, and filing a filled form: as evidence, with the grant that follows from it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from woodshed.base.files import printable, write_text_atomically
from woodshed.library.consent import form_words
from woodshed.library.consent.answers import NO_PUBLIC_LICENCE, ConsentAnswers, require_complete
from woodshed.library.consent.events import LedgerEvent, canonical_json
from woodshed.library.consent.form_page import form_page
from woodshed.library.consent.purposes import Purpose
from woodshed.library.consent.recording import Recorder
from woodshed.library.store import writing

FORM_VERSION = 1
_WIDTH = 78


@dataclass(frozen=True)
class FiledForm:
    """A form that was filed: digests of its documents, and the events it became (licence, if any, and grant)."""

    evidence: tuple[str, ...]
    events: tuple[LedgerEvent, ...]


@dataclass(frozen=True)
class Question:
    """One question of the form, for a surface that asks them one by one.

    ``field`` is the name in ``ConsentAnswers``, or a purpose where ``choices`` are yes, credit and no.
    """

    field: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


def form_questions() -> list[Question]:
    """Every question of the form in its order.

    Examples
    --------
    >>> form_questions()[0].text
    'Maker of the sounds (name)'
    """
    purposes = [
        Question(purpose.value, f"{title}: {meaning}", tuple(form_words.ANSWERS), "no")
        for purpose, (title, meaning) in form_words.PURPOSE_QUESTIONS.items()
    ]
    licences = tuple(option.spdx_id or NO_PUBLIC_LICENCE for option in form_words.LICENCE_OPTIONS)
    asked = " ".join(f"{option.title}. {option.meaning}" for option in form_words.LICENCE_OPTIONS)
    return [
        *(Question(field, label) for field, label in form_words.PEOPLE_LABELS.items()),
        *purposes,
        *(Question(field, label) for field, label in form_words.HOW_LABELS.items()),
        Question("licence", f"Licence: {asked}", licences, NO_PUBLIC_LICENCE),
        Question("own_rights", form_words.OWN_RIGHTS, ("yes", "no"), "no"),
        *(Question(field, label) for field, label in form_words.SIGNATURE_LABELS.items()),
    ]


def write_form(path: Path, answers: ConsentAnswers, *, sound_names: Iterable[str] = ()) -> None:
    """Write the form as a page, or as text where ``path`` ends in .txt."""
    make = form_text if path.suffix.lower() == ".txt" else form_page
    write_text_atomically(path, make(answers, sound_names=[printable(name) for name in sound_names]))


def form_text(answers: ConsentAnswers, *, sound_names: Iterable[str] = ()) -> str:
    """The form as plain text with tick boxes, 78 characters wide, for mail or a terminal.

    Examples
    --------
    >>> "[x] yes" in form_text(ConsentAnswers(purposes={"ai-training": "yes"}))
    True
    """
    names = list(sound_names)
    parts = [form_words.TITLE.upper(), _wrapped(form_words.INTRODUCTION), *_text_sections(answers)]
    if names:
        parts.append(_section(f"Sounds this form is about ({len(names)})", [f"  {name}" for name in names]))
    return "\n\n".join(parts) + "\n"


def file_form(
    ledger: Recorder,
    answers: ConsentAnswers,
    content_ids: Iterable[str],
    *,
    scan: Path | None = None,
    sound_names: Iterable[str] = (),
) -> FiledForm:
    """File a complete form about sounds: page, answers and scan as evidence, then licence and grant in one step.

    A form is the whole answer of its maker: purposes without a yes are recorded as no, whatever the licence says.
    It is dated on the day it was signed, so a form older than a withdrawal does not lift it.

    Parameters
    ----------
    scan
        The signed paper as a file, where there is one.

    Raises
    ------
    UsageError
        If something that matters was not answered.
    """
    require_complete(answers)
    ids = sorted(set(content_ids))
    record = {"form": FORM_VERSION, "answers": answers.model_dump(mode="json"), "content_ids": ids}
    documents: list[str | Path] = [
        ledger.evidence.file_text(form_page(answers, sound_names=sound_names), suffix=".html"),
        ledger.evidence.file_text(canonical_json(record) + "\n", suffix=".json"),
    ]
    documents += [scan] if scan else []
    filed = ledger.evidence.file_all(documents)
    at, ends = _signed_at(answers.signed_on), _end_of(answers.expires_on)
    events: list[LedgerEvent] = []
    with writing(ledger.engine) as connection:
        if answers.licence not in ("", NO_PUBLIC_LICENCE):
            stated = ledger.state_licence(
                party=answers.maker,
                content_ids=ids,
                licence=answers.licence,
                credit=answers.credit_line,
                evidence=filed,
                at=at,
                connection=connection,
            )
            events.append(stated)
        granted = ledger.grant(
            party=answers.maker,
            content_ids=ids,
            permissions=answers.permissions,
            credit=answers.credit_line,
            conditions=(answers.conditions.strip(),) if answers.conditions.strip() else (),
            evidence=filed,
            expires_at=ends,
            note="by a signed form",
            at=at,
            connection=connection,
        )
        events.append(granted)
    return FiledForm(filed, tuple(events))


def _signed_at(day: date | None) -> datetime | None:
    """The start of the day, or now when that is today: the hour is unknown, and a no of the same day must hold."""
    if day is None or day >= datetime.now(UTC).date():
        return None
    return datetime.combine(day, time(), tzinfo=UTC)


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) if day else None


def _text_sections(answers: ConsentAnswers) -> list[str]:
    return [
        _section(
            "1. Who, and which sounds",
            [
                _line("Maker of the sounds", answers.maker),
                _line("How to reach me", answers.contact),
                _line("Who may use them", answers.receiver),
                _line("Which sounds", answers.sounds),
            ],
        ),
        _section("2. What I allow (no tick means no)", [_purpose(answers, purpose) for purpose in Purpose]),
        _section(
            "3. How",
            [
                _line("Name me like this", answers.credit),
                _line("It ends on (empty: until I take it back)", answers.expires_on),
                _wrapped(form_words.CONDITIONS + ":"),
                _line("", answers.conditions),
            ],
        ),
        _section("4. Licence", [_wrapped(form_words.LICENCE_HINT), *_licence_lines(answers)]),
        _section("5. What stays mine", [_wrapped(sentence, bullet="- ") for sentence in form_words.RIGHTS_KEPT]),
        _section("6. How I take it back", [_wrapped(sentence, bullet="- ") for sentence in form_words.WITHDRAWAL]),
        _section(
            "7. My word",
            [
                _wrapped(form_words.OWN_RIGHTS, bullet=f"{_box(answers.own_rights)} "),
                _line("Place", answers.place),
                _line("Date", answers.signed_on),
                _line("Signature", answers.signature),
                "",
                _wrapped(form_words.NO_ADVICE),
            ],
        ),
    ]


def _purpose(answers: ConsentAnswers, purpose: Purpose) -> str:
    title, meaning = form_words.PURPOSE_QUESTIONS[purpose]
    said = answers.purposes.get(purpose)
    boxes = f"    {_box(said == 'yes')} yes    {_box(said == 'credit')} yes, if I am named"
    return "\n".join((title, _wrapped(meaning, bullet="    "), boxes))


def _licence_lines(answers: ConsentAnswers) -> list[str]:
    return [
        _wrapped(
            f"{option.title}. {option.meaning}",
            bullet=f"{_box(answers.licence == (option.spdx_id or NO_PUBLIC_LICENCE))} ",
        )
        for option in form_words.LICENCE_OPTIONS
    ]


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join((title, "-" * len(title), *lines))


def _line(label: str, value: object) -> str:
    start = f"{label}: " if label else ""
    return start + (str(value) if value else "_" * (_WIDTH - len(start)))


def _box(ticked: bool) -> str:
    return "[x]" if ticked else "[ ]"


def _wrapped(text: str, *, bullet: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=bullet, subsequent_indent=" " * len(bullet))
