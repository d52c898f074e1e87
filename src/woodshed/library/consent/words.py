"""The ledger in plain words: one sentence for each event, and the explanation of one decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from woodshed.base.errors import UnknownName
from woodshed.library.consent.events import EventKind, LedgerEvent
from woodshed.library.consent.purposes import Decision, Permission, Purpose

PURPOSE_WORDS: dict[Purpose, str] = {
    Purpose.DATA_MINING: "measure and count it together with other sounds",
    Purpose.AI_INFERENCE: "give it to a finished model as an input",
    Purpose.AI_TRAINING: "teach a model that recognises, sorts, cleans or edits sound",
    Purpose.GENERATIVE_TRAINING: "teach a model that makes new sounds",
    Purpose.FINGERPRINT: "keep a fingerprint of it, to find it again in other recordings",
    Purpose.SEPARATE: "take it apart into stems",
    Purpose.RESYNTHESISE: "lend its fine structure to new sounds, which then contain a trace of it",
    Purpose.SHARE_AUDIO: "pass the recording itself on to others",
    Purpose.SHARE_WEIGHTS: "pass models on that have learned from it",
    Purpose.SELL_OUTPUTS: "sell sounds made with models that have learned from it",
}


def purpose_named(name: Purpose | str) -> Purpose:
    """The purpose that a person means; spaces, underscores and case do not matter.

    Raises
    ------
    UnknownName
        With the near matches.

    Examples
    --------
    >>> purpose_named("Generative training")
    <Purpose.GENERATIVE_TRAINING: 'generative-training'>
    """
    spelt = "-".join(str(name).lower().replace("_", " ").replace("-", " ").split())
    try:
        return Purpose(spelt)
    except ValueError:
        raise UnknownName("purpose", str(name), known=Purpose) from None


def purposes_named(names: Iterable[Purpose | str]) -> tuple[Purpose, ...]:
    """The purposes a person means, each once and in the order of ``Purpose``; ``all`` means every one."""
    wanted = list(names)
    if any(str(name).strip().lower() == "all" for name in wanted):
        return tuple(Purpose)
    named = {purpose_named(name) for name in wanted}
    return tuple(purpose for purpose in Purpose if purpose in named)


@dataclass(frozen=True)
class Explanation:
    """Why a sound may or may not be used: the decision, every event that names the sound, and both as text."""

    decision: Decision
    events: tuple[LedgerEvent, ...]
    text: str


def explain(decision: Decision, events: Sequence[LedgerEvent]) -> Explanation:
    """Put a decision and the events behind it into words; the events that decided carry an arrow."""
    verdict = {
        Permission.ALLOWED: "ALLOWED",
        Permission.CONSTRAINED: "ALLOWED WITH CREDIT",
        Permission.NOT_ALLOWED: "NOT ALLOWED",
    }[decision.permission]
    lines = [
        f"{verdict}: {decision.purpose} ({PURPOSE_WORDS[decision.purpose]})",
        f"Sound: {decision.content_id}",
        f"Rule: {decision.rule}.",
    ]
    lines += [f"Credit to carry: {line}" for line in decision.credits]
    lines += [f"Way out: {decision.way_out}."] if decision.way_out else []
    lines.append("What the ledger holds about this sound, oldest first:" if events else "The ledger holds nothing.")
    lines += [f"{'->' if event.hash in decision.events else '  '} {sentence(event)}" for event in events]
    return Explanation(decision, tuple(events), "\n".join(lines))


def sentence(event: LedgerEvent) -> str:
    """One event as one line for a person.

    Examples
    --------
    >>> event = LedgerEvent(kind=EventKind.REVOKE, at="2026-11-20T09:30:00.000000Z", party="Anna", note="new label")
    >>> sentence(event)
    '#0 2026-11-20 09:30 Anna withdrew every purpose: new label'
    """
    parts = [f"#{event.sequence} {event.at[:10]} {event.at[11:16]} {event.party} {_deed(event)}"]
    parts += [f", with the credit {event.credit!r}"] if event.credit else []
    parts += [f", on condition: {'; '.join(event.conditions)}"] if event.conditions else []
    parts += [f", until the end of {_last_day(event.expires_at)}"] if event.expires_at else []
    parts += [f" (evidence {', '.join(digest[:12] for digest in event.evidence)})"] if event.evidence else []
    parts += [f": {event.note}"] if event.note else []
    return "".join(parts)


def _deed(event: LedgerEvent) -> str:
    named = "every purpose" if not event.purposes else ", ".join(event.purposes)
    match event.kind:
        case EventKind.GRANT:
            return _granted(event)
        case EventKind.LICENCE:
            return f"published it under {event.licence}"
        case EventKind.REVOKE:
            return f"withdrew {named}"
        case EventKind.EXPIRE:
            return f"let the consent end for {named}"
        case EventKind.OPT_OUT:
            return f"opted out of {named}"
        case EventKind.DISPUTE:
            return f"disputes {named}"
        case EventKind.SETTLE:
            return f"settled the dispute {(event.refers_to or '')[:12]}"
        case EventKind.EVIDENCE:
            return "filed a document"


def _granted(event: LedgerEvent) -> str:
    held_back = event.conditions or not event.credit
    by_answer = {
        "allowed": _named(
            event, *((Permission.ALLOWED,) if held_back else (Permission.ALLOWED, Permission.CONSTRAINED))
        ),
        "allowed with a condition": _named(event, Permission.CONSTRAINED) if held_back else [],
        "did not allow": _named(event, Permission.NOT_ALLOWED),
    }
    said = "; ".join(f"{verb} {', '.join(purposes)}" for verb, purposes in by_answer.items() if purposes)
    return f"{said} under {event.licence}" if event.licence else said


def _last_day(expires_at: str) -> str:
    return (datetime.fromisoformat(expires_at) - timedelta(microseconds=1)).date().isoformat()


def _named(event: LedgerEvent, *permissions: Permission) -> list[str]:
    purposes: Iterable[Purpose] = (purpose for purpose, said in event.permissions.items() if said in permissions)
    named = [purpose.value for purpose in purposes]
    return ["every purpose"] if len(named) == len(Purpose) else named
