"""The answers on a consent form, blank, pre-filled or complete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from woodshed.base.errors import UsageError
from woodshed.base.files import printable
from woodshed.library.consent.licences import LICENCES
from woodshed.library.consent.purposes import Permission, Purpose

Answer = Literal["yes", "credit", "no"]
NO_PUBLIC_LICENCE = "none"
_SAID: Mapping[Answer, Permission] = {
    "yes": Permission.ALLOWED,
    "credit": Permission.CONSTRAINED,
    "no": Permission.NOT_ALLOWED,
}


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_empty_is_none)]


class ConsentAnswers(BaseModel):
    """What a maker answered; an empty field was not answered, and a purpose without an answer means no.

    ``purposes`` maps a purpose to yes, credit (yes, if I am named) or no. ``licence`` is an SPDX id or ``none``.
    ``sounds`` describes them in words. ``conditions`` are wishes that no software can keep by itself.

    Examples
    --------
    >>> ConsentAnswers(maker="Anna", purposes={"ai-training": "yes"}).permissions[Purpose.SELL_OUTPUTS]
    <Permission.NOT_ALLOWED: 'not-allowed'>
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    maker: str = ""
    contact: str = ""
    receiver: str = ""
    sounds: str = ""
    purposes: dict[Purpose, Answer] = {}
    licence: str = ""
    credit: str = ""
    conditions: str = ""
    expires_on: Day = None
    own_rights: bool = False
    place: str = ""
    signed_on: Day = None
    signature: str = ""

    @model_validator(mode="after")
    def _licence_known(self) -> Self:
        if self.licence not in ("", NO_PUBLIC_LICENCE, *LICENCES):
            raise ValueError(f"unknown licence {self.licence!r}")
        return self

    @property
    def permissions(self) -> dict[Purpose, Permission]:
        """The answer to every purpose, where nothing means no."""
        return {purpose: _SAID[self.purposes.get(purpose, "no")] for purpose in Purpose}

    @property
    def credit_line(self) -> str | None:
        """How the maker is named, where that was asked for."""
        return (
            (self.credit.strip() or self.maker) if "credit" in self.purposes.values() else self.credit.strip() or None
        )


def read_answers(path: Path) -> ConsentAnswers:
    """Read answers that the form page saved (JSON).

    Raises
    ------
    UsageError
        If the file holds no answers.
    """
    try:
        return ConsentAnswers.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise UsageError(
            f"{printable(path)} holds no answers of a consent form ({what})",
            cause="it is another file, or was edited",
            way_out="open the form page in a browser, fill it in and press 'Save my answers'",
        ) from error


def answers_from(given: Mapping[str, object]) -> ConsentAnswers:
    """Answers from plain words, with purposes beside the other fields; empty answers are left out.

    Raises
    ------
    UsageError
        If a field or an answer is unknown.

    Examples
    --------
    >>> answers_from({"maker": "Anna", "ai-training": "yes", "own_rights": "yes"}).own_rights
    True
    """
    named = {str(key): value for key, value in given.items() if value not in ("", None)}
    purposes = {key: named.pop(key) for key in list(named) if key in set(Purpose)}
    try:
        return ConsentAnswers.model_validate({"purposes": purposes, **named})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{' '.join(map(str, first['loc']))}: {first['msg']}",
            cause="a typing slip in an answer",
            way_out="answer purposes with yes, credit or no, and dates as 2030-12-31",
        ) from error


def require_complete(answers: ConsentAnswers) -> None:
    """Refuse to file a form on which something that matters is missing.

    Raises
    ------
    UsageError
        Naming everything that is missing at once.
    """
    missing = [
        words
        for absent, words in (
            (not answers.maker.strip(), "the maker's name"),
            (not answers.own_rights, "the tick at 'I made these sounds myself'"),
            (answers.signed_on is None, "the date"),
            (not answers.signature.strip(), "the signature (typed or 'on paper')"),
            (not set(answers.purposes.values()) & {"yes", "credit"}, "at least one purpose with a yes"),
        )
        if absent
    ]
    if answers.signed_on and answers.signed_on > datetime.now(UTC).date() + timedelta(days=1):
        missing.append("a date that is not in the future")
    if missing:
        raise UsageError(
            f"The form is not complete: {', '.join(missing)} missing",
            cause="it was sent before it was finished",
            way_out="ask the maker to complete it; a form is never filled in for somebody else",
        )
