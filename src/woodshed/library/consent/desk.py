"""Where a person speaks to the ledger: purposes as words, forms, lists in files, and events as sentences.

Surfaces talk to ``ledger.desk``; programs that have typed values talk to the ledger itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from woodshed.base.errors import UsageError
from woodshed.base.files import printable
from woodshed.library.consent.answers import ConsentAnswers, answers_from, read_answers
from woodshed.library.consent.events import GENESIS, LedgerEvent
from woodshed.library.consent.evidence import Documents
from woodshed.library.consent.exchange import read_export
from woodshed.library.consent.forms import FiledForm, Question, file_form, form_questions, write_form
from woodshed.library.consent.purposes import Permission, Purpose
from woodshed.library.consent.recording import default_party
from woodshed.library.consent.words import purposes_named, sentence
from woodshed.library.store import writing

if TYPE_CHECKING:
    from woodshed.library.consent.ledger import Ledger

PRINT_MARK = "print:"


class Desk:
    """The ledger for people.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.library.consent import Ledger
    >>> from woodshed.library.store import open_store
    >>> ledger = Ledger(open_store(Path(tempfile.mkdtemp()) / "library.sqlite"))
    >>> (event,) = ledger.desk.record(party="Anna", content_ids=["aa"], allow=["ai training"], credit="Anna Berg")
    >>> ledger.desk.tell(event)[20:]
    "Anna allowed ai-training, with the credit 'Anna Berg'"
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def purposes(self) -> tuple[str, ...]:
        """Every purpose, as a person writes it."""
        return tuple(purpose.value for purpose in Purpose)

    @property
    def me(self) -> str:
        """The name behind ``--mine``: the user's login name."""
        return default_party()

    def tell(self, event: LedgerEvent) -> str:
        """An event as one sentence."""
        return sentence(event)

    def record(
        self,
        *,
        party: str,
        content_ids: Iterable[str],
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        licence: str | None = None,
        credit: str | None = None,
        conditions: Sequence[str] = (),
        evidence: Documents | None = None,
        expires_at: datetime | None = None,
        note: str = "",
    ) -> list[LedgerEvent]:
        """Record what a party says: a licence as a fact; purposes allowed (with a credit if one is given) or denied.

        Raises
        ------
        UsageError
            If nothing is said, or a purpose is both allowed and denied.
        """
        ids = list(content_ids)
        yes = Permission.CONSTRAINED if credit or conditions else Permission.ALLOWED
        permissions = _said(purposes_named(allow), purposes_named(deny), yes=yes)
        if not permissions and not licence:
            raise UsageError(
                f"Nothing says what {party} allows",
                cause="--owner came without --allow, --deny and --licence",
                way_out="add --allow generative-training (or all), --deny, or --licence SPDX",
            )
        filed = self._ledger.evidence.file_all(evidence)
        events: list[LedgerEvent] = []
        with writing(self._ledger.engine) as connection:
            if licence:
                fact = self._ledger.state_licence(
                    party=party,
                    content_ids=ids,
                    licence=licence,
                    credit=credit,
                    evidence=filed,
                    expires_at=None if permissions else expires_at,
                    note=note,
                    connection=connection,
                )
                events.append(fact)
            if permissions:
                word = self._ledger.grant(
                    party=party,
                    content_ids=ids,
                    permissions=permissions,
                    credit=credit,
                    conditions=conditions,
                    evidence=filed,
                    expires_at=expires_at,
                    note=note,
                    connection=connection,
                )
                events.append(word)
        return events

    def opt_out(
        self,
        *,
        party: str,
        content_ids: Iterable[str] = (),
        listed: Path | None = None,
        purposes: Iterable[str] = (),
        reason: str = "",
    ) -> LedgerEvent:
        """Record sounds to leave out, named here or in a file: a content id or ``print:CODE`` a line, # for remarks."""
        lines = _list_lines(listed) if listed else []
        prints = [line.removeprefix(PRINT_MARK).strip() for line in lines if line.startswith(PRINT_MARK)]
        ids = [line.lower() for line in lines if not line.startswith(PRINT_MARK)]
        return self._ledger.opt_out(
            party=party,
            content_ids=[*content_ids, *ids],
            fingerprints=[code for code in prints if code],
            purposes=purposes_named(purposes) or None,
            reason=reason,
        )

    def head_of_export(self, path: str | Path) -> str:
        """The head of an export whose chain holds."""
        events = read_export(Path(path))
        return events[-1].hash if events else GENESIS

    # -- the form ---------------------------------------------------------------------------------------------------

    def questions(self) -> list[Question]:
        """The questions of the consent form, for a surface that asks them one by one."""
        return form_questions()

    def write_form(
        self, path: str | Path, *, answers: Mapping[str, object] | None = None, sound_names: Iterable[str] = ()
    ) -> None:
        """Write the consent form, blank or with answers filled in: a page to print, or text where it ends in .txt."""
        write_form(Path(path), answers_from(answers or {}), sound_names=sound_names)

    def file_form(
        self,
        answers: ConsentAnswers | Mapping[str, object] | Path,
        content_ids: Iterable[str],
        *,
        scan: Path | None = None,
        sound_names: Iterable[str] = (),
    ) -> FiledForm:
        """File a complete form (answers, or the file the page saved) as evidence, and record what follows from it."""
        if isinstance(answers, Path):
            answers = read_answers(answers)
        elif not isinstance(answers, ConsentAnswers):
            answers = answers_from(answers)
        return file_form(self._ledger, answers, content_ids, scan=scan, sound_names=sound_names)


def _said(allow: Iterable[Purpose], deny: Iterable[Purpose], *, yes: Permission) -> dict[Purpose, Permission]:
    said = dict.fromkeys(allow, yes)
    denied = tuple(deny)
    if both := [purpose.value for purpose in denied if purpose in said]:
        raise UsageError(
            f"{', '.join(both)} is both allowed and denied",
            cause="--allow all came with --deny, or a purpose stands in both",
            way_out="name each purpose once",
        )
    return {**said, **dict.fromkeys(denied, Permission.NOT_ALLOWED)}


def _list_lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The list {printable(path)} cannot be read ({error})",
            cause="the name has a slip, or it is no text file",
            way_out="give a text file with one content id or print:CODE a line",
        ) from error
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line]
