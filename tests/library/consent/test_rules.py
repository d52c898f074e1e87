"""Properties of the rules over random histories: what may never happen, whatever is recorded in whatever order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from woodshed.library.consent import EventKind, LedgerEvent, Permission, Purpose, classify_licence
from woodshed.library.consent.events import chain_hash
from woodshed.library.consent.rules import Verdict, judge
from woodshed.library.consent.state import LedgerState

UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
TRAIN, SELL = Purpose.GENERATIVE_TRAINING, Purpose.SELL_OUTPUTS
PARTIES = ("Anna", "Boris", "Carl")
SOUNDS = ("aa", "bb", "cc")
DEGREE = {Permission.NOT_ALLOWED: 0, Permission.CONSTRAINED: 1, Permission.ALLOWED: 2}
YES = {Permission.ALLOWED, Permission.CONSTRAINED}
NOES = (EventKind.REVOKE, EventKind.EXPIRE, EventKind.OPT_OUT)
END = "2026-01-31T00:00:00.000000Z"


def day(number: int) -> str:
    return f"2026-01-{number:02d}T00:00:00.000000Z"


DAYS = st.integers(1, 9).map(day)
PARTY = st.sampled_from(PARTIES)
PURPOSES = st.sampled_from([(), (TRAIN,), (SELL,), (TRAIN, SELL)])
TOUCHED = st.lists(st.sampled_from(SOUNDS), min_size=1, unique=True).map(lambda ids: tuple(sorted(ids)))
GRANTS = st.builds(
    LedgerEvent,
    kind=st.just(EventKind.GRANT),
    at=DAYS,
    party=PARTY,
    content_ids=TOUCHED,
    permissions=st.dictionaries(st.sampled_from([TRAIN, SELL]), st.sampled_from(list(Permission)), min_size=1),
    credit=st.sampled_from([None, "Anna Berg"]),
    conditions=st.sampled_from([(), (), ("only in Norway",)]),
    expires_at=st.one_of(st.none(), DAYS),
)
LICENCES = st.builds(
    LedgerEvent,
    kind=st.just(EventKind.LICENCE),
    at=DAYS,
    party=PARTY,
    content_ids=TOUCHED,
    licence=st.sampled_from(["CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "who knows"]),
    expires_at=st.one_of(st.none(), DAYS),
)
REFUSALS = st.builds(
    LedgerEvent, kind=st.sampled_from(NOES), at=DAYS, party=PARTY, content_ids=TOUCHED, purposes=PURPOSES
)
DISPUTES = st.builds(
    LedgerEvent, kind=st.just(EventKind.DISPUTE), at=DAYS, party=PARTY, content_ids=TOUCHED, purposes=PURPOSES
)
SETTLEMENTS = st.builds(
    LedgerEvent, kind=st.just(EventKind.SETTLE), at=DAYS, party=PARTY, content_ids=TOUCHED, refers_to=st.just("first")
)
EVIDENCE = st.builds(LedgerEvent, kind=st.just(EventKind.EVIDENCE), at=DAYS, party=PARTY, content_ids=TOUCHED)
EVENTS = st.one_of(GRANTS, GRANTS, LICENCES, REFUSALS, DISPUTES, SETTLEMENTS, EVIDENCE)
HISTORIES = st.lists(EVENTS, max_size=9)


def chained(events: Sequence[LedgerEvent]) -> list[LedgerEvent]:
    """Number the events as the ledger would; settlements end the latest dispute before them."""
    chain: list[LedgerEvent] = []
    dispute = "none"
    for number, event in enumerate(events, start=1):
        refers_to = dispute if event.kind is EventKind.SETTLE else event.refers_to
        mark = chain_hash("", str(number))
        dispute = mark if event.kind is EventKind.DISPUTE else dispute
        chain.append(dataclasses.replace(event, sequence=number, hash=mark, refers_to=refers_to))
    return chain


def verdict(events: Sequence[LedgerEvent], *, sound: str = "aa", purpose: Purpose = TRAIN, at: str = END) -> Verdict:
    return judge([event for event in chained(events) if sound in event.content_ids], purpose, at=at)


def degree(events: Sequence[LedgerEvent], *, sound: str = "aa") -> int:
    return DEGREE[verdict(events, sound=sound).permission]


@UNHURRIED
@given(history=HISTORIES)
def test_without_a_yes_there_is_no_yes(history: list[LedgerEvent]) -> None:
    said_yes = any(
        event.permissions.get(TRAIN) in YES
        or (event.kind is EventKind.LICENCE and classify_licence(event.licence).permissions[TRAIN] in YES)
        for event in history
        if "aa" in event.content_ids
    )
    assume(not said_yes)
    assert degree(history) == 0


@UNHURRIED
@given(history=HISTORIES, no=REFUSALS, after=HISTORIES)
def test_after_a_no_only_a_fresh_explicit_grant_of_that_party_reallows(
    history: list[LedgerEvent], no: LedgerEvent, after: list[LedgerEvent]
) -> None:
    no = dataclasses.replace(no, content_ids=("aa",), purposes=(TRAIN,))
    fresh = [
        event
        for event in after
        if event.kind is EventKind.GRANT
        and event.party == no.party
        and event.permissions.get(TRAIN) in YES
        and "aa" in event.content_ids
        and event.at > no.at
    ]
    assume(not fresh)
    refused = verdict([*history, no, *after])
    assert refused.permission is Permission.NOT_ALLOWED
    assert refused.rule
    assert refused.way_out


@UNHURRIED
@given(history=HISTORIES, no=REFUSALS, data=st.data())
def test_replaying_or_reordering_older_events_does_not_undo_a_no(
    history: list[LedgerEvent], no: LedgerEvent, data: st.DataObject
) -> None:
    no = dataclasses.replace(no, at=day(9), content_ids=("aa",), purposes=())
    replayed = data.draw(st.permutations(history))
    assert degree([*history, no, *replayed, *history]) == 0
    assert degree(data.draw(st.permutations([*history, no]))) == 0, "nothing of it is newer than the no"


@UNHURRIED
@given(history=HISTORIES, restriction=st.one_of(REFUSALS, DISPUTES, EVIDENCE, GRANTS))
def test_a_restriction_never_widens(history: list[LedgerEvent], restriction: LedgerEvent) -> None:
    if restriction.kind is EventKind.GRANT:
        restriction = dataclasses.replace(restriction, permissions={TRAIN: Permission.NOT_ALLOWED})
    for sound in SOUNDS:
        assert degree([*history, restriction], sound=sound) <= degree(history, sound=sound)


@UNHURRIED
@given(history=HISTORIES, event=EVENTS)
def test_only_grants_licences_and_settlements_can_widen(history: list[LedgerEvent], event: LedgerEvent) -> None:
    before, after = verdict(history), verdict([*history, event])
    if DEGREE[after.permission] > DEGREE[before.permission]:
        assert event.kind in (EventKind.GRANT, EventKind.LICENCE, EventKind.SETTLE)
    if event.kind is EventKind.LICENCE and before.permission is Permission.NOT_ALLOWED and after.permission in YES:
        assert not any(
            earlier.kind in NOES and earlier.covers(TRAIN) and "aa" in earlier.content_ids
            for earlier in history
            if earlier.party == event.party and not _has_later_grant(history, earlier)
        )


def _has_later_grant(history: list[LedgerEvent], no: LedgerEvent) -> bool:
    return any(event.kind is EventKind.GRANT and event.party == no.party for event in history)


@UNHURRIED
@given(history=HISTORIES, data=st.data())
def test_the_order_of_unrelated_events_does_not_matter(history: list[LedgerEvent], data: st.DataObject) -> None:
    about, others = [], []
    for event in history:
        (about if "aa" in event.content_ids else others).append(event)
    assume(not any(event.kind is EventKind.SETTLE for event in history))
    slots = data.draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))
    shuffled = data.draw(st.permutations(others))
    mixed: list[LedgerEvent] = []
    left, right = list(about), list(shuffled)
    for take_about in slots:
        mixed.append(left.pop(0) if (take_about and left) or not right else right.pop(0))
    mixed += left + right
    first, second = verdict(history), verdict(mixed)
    assert (first.permission, first.rule, first.owners, first.credits) == (
        second.permission,
        second.rule,
        second.owners,
        second.credits,
    )


@UNHURRIED
@given(history=HISTORIES)
def test_the_order_of_different_parties_does_not_matter(history: list[LedgerEvent]) -> None:
    assume(not any(event.kind in (EventKind.SETTLE, EventKind.DISPUTE) for event in history))
    by_party = sorted(history, key=lambda event: event.party)
    assert degree(history) == degree(by_party)


@UNHURRIED
@given(history=HISTORIES, purpose=st.sampled_from([TRAIN, SELL, Purpose.SHARE_AUDIO]), at=st.integers(1, 10).map(day))
def test_many_at_once_decide_as_one_by_one(history: list[LedgerEvent], purpose: Purpose, at: str) -> None:
    state = LedgerState()
    for event in chained(history):
        state._take(event)
    together = state.decide([*SOUNDS, "never heard of"], purpose, at=at)
    for sound, decision in together.items():
        assert state.decide([sound], purpose, at=at)[sound] == decision
        alone = verdict(history, sound=sound, purpose=purpose, at=at)
        assert (decision.permission, decision.events) == (alone.permission, alone.events)


@UNHURRIED
@given(history=HISTORIES, at=st.integers(1, 9), later=st.integers(1, 9))
def test_time_alone_never_allows_what_is_recorded_by_then(history: list[LedgerEvent], at: int, later: int) -> None:
    said = [event for event in history if event.at <= day(at)]
    now, then = (DEGREE[verdict(said, at=day(moment)).permission] for moment in (at, max(at, later)))
    assert then <= now


@UNHURRIED
@given(history=HISTORIES)
def test_every_refusal_says_why_and_how_out(history: list[LedgerEvent]) -> None:
    found = verdict(history)
    assert found.rule
    assert bool(found.way_out) == (found.permission is Permission.NOT_ALLOWED)
    assert not found.credits or found.permission is not Permission.NOT_ALLOWED


@pytest.mark.parametrize("kind", NOES)
def test_a_no_of_somebody_new_makes_them_a_rights_holder(kind: EventKind) -> None:
    allowed = LedgerEvent(
        kind=EventKind.GRANT, at=day(1), party="Anna", content_ids=("aa",), permissions={TRAIN: Permission.ALLOWED}
    )
    refused = verdict([allowed, LedgerEvent(kind=kind, at=day(2), party="Boris", content_ids=("aa",))])
    assert refused.permission is Permission.NOT_ALLOWED
    assert refused.owners == ("Anna", "Boris")
