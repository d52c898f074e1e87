"""Consent: who allowed what for which sounds."""

from woodshed.library.consent.events import GENESIS, EventKind, LedgerEvent
from woodshed.library.consent.ledger import ALLOW_ALL, UNKNOWN_OWNER, Ledger, default_party
from woodshed.library.consent.licences import LICENCES, Licence, classify_licence
from woodshed.library.consent.purposes import Decision, Permission, Purpose
from woodshed.library.consent.report import LedgerReport

__all__ = [
    "ALLOW_ALL",
    "GENESIS",
    "LICENCES",
    "UNKNOWN_OWNER",
    "Decision",
    "EventKind",
    "Ledger",
    "LedgerEvent",
    "LedgerReport",
    "Licence",
    "Permission",
    "Purpose",
    "classify_licence",
    "default_party",
]
