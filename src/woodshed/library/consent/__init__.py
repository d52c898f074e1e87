"""Consent: who allowed what for which sounds."""

from woodshed.library.consent.answers import ConsentAnswers, read_answers
from woodshed.library.consent.events import GENESIS, EventKind, LedgerEvent
from woodshed.library.consent.exchange import ImportReport
from woodshed.library.consent.form_page import form_page
from woodshed.library.consent.forms import FiledForm, file_form, form_text
from woodshed.library.consent.ledger import Ledger, OptOutMark, Party
from woodshed.library.consent.licences import LICENCES, Licence, classify_licence
from woodshed.library.consent.purposes import Decision, Permission, Purpose
from woodshed.library.consent.recording import ALLOW_ALL, UNKNOWN_OWNER, default_party
from woodshed.library.consent.report import LedgerReport
from woodshed.library.consent.words import PURPOSE_WORDS, Explanation, purpose_named, purposes_named

__all__ = [
    "ALLOW_ALL",
    "GENESIS",
    "LICENCES",
    "PURPOSE_WORDS",
    "UNKNOWN_OWNER",
    "ConsentAnswers",
    "Decision",
    "EventKind",
    "Explanation",
    "FiledForm",
    "ImportReport",
    "Ledger",
    "LedgerEvent",
    "LedgerReport",
    "Licence",
    "OptOutMark",
    "Party",
    "Permission",
    "Purpose",
    "classify_licence",
    "default_party",
    "file_form",
    "form_page",
    "form_text",
    "purpose_named",
    "purposes_named",
    "read_answers",
]
