"""The rules that turn events into one decision. Everything here is pure: events in, verdict out.

1. What nobody allowed is not allowed.
2. A rights holder is every party with a grant, a licence or a refusal on the sound. The most restrictive wins, and
   one who is silent about a purpose has not allowed it.
3. A party's *no* (revoke, expire, opt-out, or a grant that says not-allowed) is lifted only by that party's explicit
   grant that is newer than every such no, both by its date and by its place in the chain.
4. Of the grants that stand, the latest speaks; once it has expired, the answer is no (older ones do not come back).
5. A licence speaks only for a party that said nothing explicit about the purpose; of several the narrowest counts.
6. An open dispute refuses everything it covers. It ends by its settlement, or by the disputer's own newer grant.
7. Constrained by a credit alone means allowed with that credit; any other condition means not allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from woodshed.library.consent.events import EventKind, LedgerEvent, party_key
from woodshed.library.consent.licences import Licence, classify_licence
from woodshed.library.consent.purposes import Permission, Purpose

_NOES = {EventKind.REVOKE, EventKind.EXPIRE, EventKind.OPT_OUT}
_YES = {Permission.ALLOWED, Permission.CONSTRAINED}
_HOLDS_RIGHTS = _NOES | {EventKind.GRANT, EventKind.LICENCE}
_DEGREE = {Permission.NOT_ALLOWED: 0, Permission.CONSTRAINED: 1, Permission.ALLOWED: 2}


@dataclass(frozen=True)
class Word:
    """What one party says to one purpose, in the sentence of ``rule``; ``way_out`` is empty where it is a yes."""

    permission: Permission
    rule: str
    way_out: str = ""
    credit: str | None = None
    event: LedgerEvent | None = None


@dataclass(frozen=True)
class Verdict:
    """The decision for every sound that the same events speak about; ``{id}`` in ``way_out`` stands for the sound."""

    permission: Permission
    rule: str
    way_out: str
    owners: tuple[str, ...]
    credits: tuple[str, ...]
    events: tuple[str, ...]


def judge(events: Sequence[LedgerEvent], purpose: Purpose, *, at: str) -> Verdict:
    """The verdict on one purpose from all events that name a sound.

    Parameters
    ----------
    events
        The events that name the sound, in chain order.
    at
        The moment of the question; later events do not count, and what expired by then is refused.
    """
    known = [event for event in events if event.at <= at]
    parties = _by_party(known)
    words = [_word_of(party[0].party, party, purpose, at=at) for party in parties.values()]
    words = [_disputed(dispute, purpose) for dispute in open_disputes(known, purpose)] + words
    if not words:
        words = [_silence(None, purpose)]
    owners = tuple(party[-1].party for party in parties.values())
    lowest = min(_DEGREE[word.permission] for word in words)
    deciding = [word for word in words if _DEGREE[word.permission] == lowest]
    credit_lines = [word.credit for word in words if word.credit] if lowest else []
    decided_by = words if lowest else deciding
    hashes = {word.event.sequence: word.event.hash for word in decided_by if word.event}
    return Verdict(
        permission=deciding[0].permission,
        rule=_joined(word.rule for word in deciding),
        way_out=_joined(word.way_out for word in deciding),
        owners=owners,
        credits=tuple(dict.fromkeys(credit_lines)),
        events=tuple(hashes[sequence] for sequence in sorted(hashes)),
    )


def open_disputes(events: Sequence[LedgerEvent], purpose: Purpose) -> list[LedgerEvent]:
    """The disputes about ``purpose`` that neither a settlement nor the disputer's own newer grant has ended."""
    settled = {event.refers_to: event.sequence for event in events if event.kind is EventKind.SETTLE}
    return [
        event
        for event in events
        if event.kind is EventKind.DISPUTE
        and event.covers(purpose)
        and settled.get(event.hash, 0) < event.sequence
        and not any(_same_party(event, grant) for grant in _standing_grants(events, purpose, no=[event]))
    ]


def _by_party(events: Iterable[LedgerEvent]) -> dict[str, list[LedgerEvent]]:
    parties: dict[str, list[LedgerEvent]] = {}
    for event in events:
        if event.kind in _HOLDS_RIGHTS:
            parties.setdefault(party_key(event.party), []).append(event)
    return parties


def _word_of(party: str, events: Sequence[LedgerEvent], purpose: Purpose, *, at: str) -> Word:
    noes = [event for event in events if _says_no(event, purpose)]
    standing = _standing_grants(events, purpose, no=noes)
    if standing:
        return _granted(max(standing, key=lambda event: (event.at, event.sequence)), purpose, at=at)
    if noes:
        return _refused(max(noes, key=lambda event: event.sequence), purpose)
    facts = [event for event in events if event.kind is EventKind.LICENCE]
    words = [(_licensed(event, purpose, at=at), classify_licence(event.licence).known) for event in facts]
    if not words:
        return _silence(party, purpose)
    spoken = [word for word, known in words if known] or [word for word, _ in words]
    return min(spoken, key=lambda word: _DEGREE[word.permission])


def _says_no(event: LedgerEvent, purpose: Purpose) -> bool:
    if event.kind is EventKind.GRANT:
        return event.permissions.get(purpose) is Permission.NOT_ALLOWED
    return event.kind in _NOES and event.covers(purpose)


def _standing_grants(
    events: Sequence[LedgerEvent], purpose: Purpose, *, no: Sequence[LedgerEvent]
) -> list[LedgerEvent]:
    last_place = max((event.sequence for event in no), default=-1)
    last_date = max((event.at for event in no), default="")
    return [
        event
        for event in events
        if event.kind is EventKind.GRANT
        and event.permissions.get(purpose) in _YES
        and event.sequence > last_place
        and event.at > last_date
    ]


def _same_party(a: LedgerEvent, b: LedgerEvent) -> bool:
    return party_key(a.party) == party_key(b.party)


def _granted(event: LedgerEvent, purpose: Purpose, *, at: str) -> Word:
    who, day = event.party, event.at[:10]
    if event.expires_at and event.expires_at <= at:
        rule = f"the grant of {who} for {purpose} ran out on {event.expires_at[:10]}"
        return Word(Permission.NOT_ALLOWED, rule, _ask_again(who, purpose), event=event)
    plainly = event.permissions[purpose] is Permission.ALLOWED
    if plainly and not event.conditions:
        return Word(Permission.ALLOWED, f"{who} allowed {purpose} on {day}", credit=event.credit, event=event)
    if event.conditions or not event.credit:
        said = "; ".join(event.conditions) or event.note or "without saying which"
        rule = f"{who} allowed {purpose} on {day} only under a condition that nothing here can keep: {said}"
        way_out = f"ask {who} for a grant without it, then {_grant_command(who, purpose)}"
        return Word(Permission.NOT_ALLOWED, rule, way_out, event=event)
    rule = f"{who} allowed {purpose} on {day} with the credit {event.credit!r}"
    return Word(Permission.CONSTRAINED, rule, credit=event.credit, event=event)


def _refused(event: LedgerEvent, purpose: Purpose) -> Word:
    who, day = event.party, event.at[:10]
    reason = f" ({event.note})" if event.note else ""
    rule = {
        EventKind.REVOKE: f"{who} withdrew {purpose} on {day}{reason}",
        EventKind.EXPIRE: f"the consent of {who} to {purpose} ended on {day}{reason}",
        EventKind.OPT_OUT: f"{who} opted out of {purpose} on {day}{reason}",
        EventKind.GRANT: f"{who} said no to {purpose} on {day}{reason}",
    }[event.kind]
    return Word(Permission.NOT_ALLOWED, rule, _ask_again(who, purpose), event=event)


def _licensed(event: LedgerEvent, purpose: Purpose, *, at: str) -> Word:
    row = classify_licence(event.licence)
    if event.expires_at and event.expires_at <= at:
        rule = f"the licence {row.spdx_id} of {event.party} ended on {event.expires_at[:10]}"
        return Word(Permission.NOT_ALLOWED, rule, _ask_again(event.party, purpose), event=event)
    said = row.permissions[purpose]
    if said is Permission.NOT_ALLOWED:
        rule = f"the licence {row.spdx_id} of {event.party} does not allow {purpose}: {row.why}"
        return Word(said, rule, _ask_again(event.party, purpose), event=event)
    credit = _credit_line(event.credit or event.party, row) if said is Permission.CONSTRAINED else None
    return Word(said, f"{event.party} licensed it {row.spdx_id}: {row.why}", credit=credit, event=event)


def _credit_line(maker: str, row: Licence) -> str:
    return maker if row.spdx_id in maker else f"{maker} ({row.spdx_id})"


def _silence(party: str | None, purpose: Purpose) -> Word:
    if party is None:
        rule = f"nobody has allowed {purpose} for this sound, and what nobody allowed is not allowed"
        way_out = f"if it is yours: {_grant_command(None, purpose)}; if not, ask its owner (`woodshed consent form`)"
        return Word(Permission.NOT_ALLOWED, rule, way_out)
    rule = f"{party} has rights in this sound and has not allowed {purpose}"
    return Word(Permission.NOT_ALLOWED, rule, _ask_again(party, purpose))


def _disputed(event: LedgerEvent, purpose: Purpose) -> Word:
    reason = f" ({event.note})" if event.note else ""
    rule = f"{event.party} disputes {purpose} of this sound since {event.at[:10]}{reason}"
    way_out = (
        f"settle it with {event.party}, then `woodshed consent dispute --settle {event.hash[:12]} --evidence FILE`"
    )
    return Word(Permission.NOT_ALLOWED, rule, way_out, event=event)


def _ask_again(party: str, purpose: Purpose) -> str:
    return f"leave the sound out, or ask {party} and record a new yes with {_grant_command(party, purpose)}"


def _grant_command(party: str | None, purpose: Purpose) -> str:
    who = "--mine" if party is None else f'--owner "{party}"'
    return f"`woodshed consent grant id:{{id}} {who} --allow {purpose}`"


def _joined(sentences: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(sentence for sentence in sentences if sentence))
