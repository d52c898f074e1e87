"""What a person records and asks: semantics of each event, and the sentences that come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from woodshed.base.errors import ConsentRefused, UnknownName, UsageError
from woodshed.library.consent import (
    ALLOW_ALL,
    GENESIS,
    Decision,
    EventKind,
    Ledger,
    Permission,
    Purpose,
    default_party,
)
from woodshed.library.store import writing

TRAIN = Purpose.GENERATIVE_TRAINING
YES = {TRAIN: Permission.ALLOWED}
START = datetime(2026, 1, 1, tzinfo=UTC)


def ask(ledger: Ledger, sound: str = "aa", purpose: Purpose = TRAIN, at: datetime | None = None) -> Decision:
    return ledger.decide([sound], purpose, at=at)[sound]


def test_what_nobody_allowed_is_not_allowed_and_says_the_way_out(ledger: Ledger) -> None:
    decision = ask(ledger, "0123456789abcdef")
    assert not decision.allowed
    assert decision.rule == (
        "nobody has allowed generative-training for this sound, and what nobody allowed is not allowed"
    )
    assert decision.way_out == (
        "if it is yours: `woodshed consent grant id:0123456789ab --mine --allow generative-training`; "
        "if not, ask its owner (`woodshed consent form`)"
    )
    assert decision.owners == decision.events == ()


def test_mine_allows_every_purpose(ledger: Ledger) -> None:
    event = ledger.grant_mine(content_ids=["aa"])
    assert event.party == default_party()
    for purpose in Purpose:
        assert ask(ledger, purpose=purpose).permission is Permission.ALLOWED
    assert ask(ledger).owners == (default_party(),)
    assert ask(ledger).events == (event.hash,)


def test_other_purposes_of_a_grant_stay_absent(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    refused = ask(ledger, purpose=Purpose.SELL_OUTPUTS)
    assert refused.rule == "Anna has rights in this sound and has not allowed sell-outputs"
    assert '`woodshed consent grant id:aa --owner "Anna" --allow sell-outputs`' in refused.way_out


def test_revoke_refuses_with_reason_and_only_a_new_grant_reallows(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    ledger.revoke(party="anna", content_ids=["aa"], reason="new label")
    refused = ask(ledger)
    assert refused.rule.startswith("anna withdrew generative-training on 20")
    assert refused.rule.endswith("(new label)")
    assert refused.way_out.startswith("leave the sound out, or ask anna")
    ledger.state_licence(party="Anna", content_ids=["aa"], licence="CC0-1.0")
    assert not ask(ledger).allowed
    ledger.grant(party="Boris", content_ids=["aa"], permissions=YES)
    assert not ask(ledger).allowed
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    assert ask(ledger).allowed


def test_a_grant_recorded_later_but_dated_earlier_does_not_lift_a_revocation(ledger: Ledger) -> None:
    ledger.revoke(party="Anna", content_ids=["aa"], at=START + timedelta(days=2))
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START)
    assert not ask(ledger).allowed
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START + timedelta(days=2))
    assert not ask(ledger).allowed, "at the same moment the no wins"
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START + timedelta(days=3))
    assert ask(ledger).allowed


def test_a_grant_recorded_earlier_but_dated_later_does_not_survive_a_revocation(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START + timedelta(days=9))
    ledger.revoke(party="Anna", content_ids=["aa"], at=START)
    assert not ask(ledger).allowed


def test_revoking_one_purpose_leaves_the_others(ledger: Ledger) -> None:
    ledger.grant_mine(party="Anna", content_ids=["aa"])
    ledger.revoke(party="Anna", content_ids=["aa"], purposes=[Purpose.SELL_OUTPUTS])
    assert ask(ledger).allowed
    assert not ask(ledger, purpose=Purpose.SELL_OUTPUTS).allowed


def test_the_most_restrictive_rights_holder_wins(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    ledger.state_licence(party="Boris", content_ids=["aa"], licence="CC BY-NC 4.0")
    decision = ask(ledger)
    assert not decision.allowed
    assert decision.rule.startswith("the licence CC-BY-NC-4.0 of Boris does not allow generative-training")
    assert decision.owners == ("Anna", "Boris")
    ledger.grant(party="Boris", content_ids=["aa"], permissions=YES)
    assert ask(ledger).allowed, "an explicit grant of the owner goes beyond the owner's licence"


def test_credits_of_all_owners_are_carried(ledger: Ledger) -> None:
    ledger.state_licence(party="Boris", content_ids=["aa"], licence="cc by 4.0")
    ledger.grant(
        party="Anna", content_ids=["aa"], permissions={TRAIN: Permission.CONSTRAINED}, credit="Anna Berg, Kitchen Kit"
    )
    decision = ask(ledger)
    assert decision.allowed
    assert decision.permission is Permission.CONSTRAINED
    assert decision.credits == ("Boris (CC-BY-4.0)", "Anna Berg, Kitchen Kit")


@pytest.mark.parametrize("said", [Permission.ALLOWED, Permission.CONSTRAINED])
def test_a_condition_beyond_credit_is_a_no_until_resolved(ledger: Ledger, said: Permission) -> None:
    ledger.grant(
        party="Anna", content_ids=["aa"], permissions={TRAIN: said}, credit="Anna", conditions=["only in Norway"]
    )
    refused = ask(ledger)
    assert not refused.allowed
    assert "a condition that nothing here can keep: only in Norway" in refused.rule
    assert refused.way_out.startswith("ask Anna for a grant without it")
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    assert ask(ledger).allowed


def test_constrained_without_saying_how_is_a_no(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions={TRAIN: Permission.CONSTRAINED})
    assert not ask(ledger).allowed


def test_an_expired_grant_is_a_no_and_older_grants_do_not_come_back(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START)
    end = START + timedelta(days=10)
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, expires_at=end, at=START + timedelta(days=1))
    assert ask(ledger, at=end - timedelta(seconds=1)).allowed
    assert not ask(ledger, at=end).allowed
    assert ask(ledger).rule == "the grant of Anna for generative-training ran out on 2026-01-11"


def test_an_expiry_that_passes_while_the_ledger_is_open_is_noticed(ledger: Ledger) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=60)
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, expires_at=soon)
    while datetime.now(UTC) < soon:
        ask(ledger)
    assert not ask(ledger).allowed


def test_expire_as_an_event(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    ledger.expire(party="Anna", content_ids=["aa"], reason="contract of 2024")
    assert ask(ledger).rule.startswith("the consent of Anna to generative-training ended on")


def test_the_past_is_judged_by_what_was_said_then(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, at=START)
    ledger.revoke(party="Anna", content_ids=["aa"], at=START + timedelta(days=5))
    assert ask(ledger, at=START + timedelta(days=1)).allowed
    assert not ask(ledger, at=START - timedelta(days=1)).allowed
    assert not ask(ledger).allowed


def test_a_dispute_refuses_until_it_is_settled(ledger: Ledger, tmp_path: Path) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    dispute = ledger.dispute(party="Carl", content_ids=["aa"], reason="my drum break")
    refused = ask(ledger)
    assert "Carl disputes generative-training of this sound since" in refused.rule
    assert f"--settle {dispute.hash[:12]}" in refused.way_out
    assert refused.owners == ("Anna",), "who disputes is not a rights holder by that alone"
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    assert not ask(ledger).allowed
    with pytest.raises(ConsentRefused, match="only the one who raised it"):
        ledger.settle(dispute.hash[:12], party="Anna")
    letter = tmp_path / "letter.txt"
    letter.write_text("We agree. Carl, Anna")
    ledger.settle(dispute.hash[:12], party="Anna", evidence=letter)
    assert ask(ledger).allowed


def test_settling_a_dispute_does_not_undo_a_revocation(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    dispute = ledger.dispute(party="Carl", content_ids=["aa"])
    ledger.revoke(party="Anna", content_ids=["aa"])
    ledger.settle(dispute.hash, party="Carl")
    assert not ask(ledger).allowed


def test_the_disputers_own_grant_ends_the_dispute_for_its_purposes(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=ALLOW_ALL)
    ledger.dispute(party="Carl", content_ids=["aa"])
    ledger.grant(party="Carl", content_ids=["aa"], permissions=YES)
    assert ask(ledger).allowed
    assert not ask(ledger, purpose=Purpose.SELL_OUTPUTS).allowed


def test_an_opt_out_list_is_honoured_by_id_and_by_fingerprint(ledger: Ledger) -> None:
    for sound in ("aa", "bb", "cc"):
        ledger.grant(party="Anna", content_ids=[sound], permissions=YES)
    ledger.opt_out(party="Dora", content_ids=["aa"], fingerprints=["print-1"], purposes=[TRAIN])
    assert ask(ledger).rule.startswith("Dora opted out of generative-training")
    (mark,) = ledger.opt_out_marks()
    assert (mark.fingerprint, mark.party, mark.purposes) == ("print-1", "Dora", (TRAIN,))
    assert ledger.apply_opt_out(mark, ["bb"]) is not None
    assert not ask(ledger, "bb").allowed
    assert ledger.apply_opt_out(mark, ["bb"]) is None
    ledger.grant(party="Dora", content_ids=["bb"], permissions=YES)
    assert ask(ledger, "bb").allowed
    assert ledger.apply_opt_out(mark, ["bb"]) is None
    assert ask(ledger, "bb").allowed
    assert ask(ledger, "cc").allowed


def test_a_better_known_licence_replaces_an_unknown_one_but_never_a_narrow_one(ledger: Ledger) -> None:
    ledger.state_licence(party="Anna", content_ids=["aa", "bb"], licence="free for friends")
    assert "is no licence of the table" in ask(ledger).rule
    ledger.state_licence(party="Anna", content_ids=["aa"], licence="CC0")
    assert ask(ledger).allowed
    ledger.state_licence(party="Anna", content_ids=["bb"], licence="CC-BY-SA-4.0")
    ledger.state_licence(party="Anna", content_ids=["bb"], licence="CC0")
    assert not ask(ledger, "bb").allowed


def test_grant_with_a_licence_and_no_permissions_is_a_fact(ledger: Ledger) -> None:
    event = ledger.grant(party="Anna", content_ids=["aa"], permissions={}, licence="cc0")
    assert (event.kind, event.licence) == (EventKind.LICENCE, "CC0-1.0")
    assert ask(ledger).rule == "Anna licensed it CC0-1.0: the maker gave up or opened all rights"


def test_a_grant_lands_with_the_transaction_it_is_given(ledger: Ledger) -> None:
    def give_up() -> None:
        with writing(ledger.engine) as connection:
            ledger.grant_mine(content_ids=["aa"], connection=connection)
            assert not ask(ledger).allowed, "not committed yet"
            raise RuntimeError("the scan was stopped")

    with pytest.raises(RuntimeError):
        give_up()
    assert ledger.head() == GENESIS
    with writing(ledger.engine) as connection:
        event = ledger.grant_mine(content_ids=["aa"], connection=connection)
        assert ledger.head(connection=connection) == event.hash
    assert ask(ledger).allowed


def test_explain_prints_the_chain_the_rule_and_the_way_out(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa"], permissions=YES, note="by mail", at=START)
    ledger.revoke(party="Anna", content_ids=["aa"], reason="new label", at=START + timedelta(days=1))
    ledger.grant(party="Boris", content_ids=["bb"], permissions=YES)
    explanation = ledger.explain("aa", "generative training")
    assert [event.kind for event in explanation.events] == [EventKind.GRANT, EventKind.REVOKE]
    assert explanation.text.splitlines() == [
        "NOT ALLOWED: generative-training (teach a model that makes new sounds)",
        "Sound: aa",
        "Rule: Anna withdrew generative-training on 2026-01-02 (new label).",
        "Way out: leave the sound out, or ask Anna and record a new yes with "
        '`woodshed consent grant id:aa --owner "Anna" --allow generative-training`.',
        "What the ledger holds about this sound, oldest first:",
        "   #1 2026-01-01 00:00 Anna allowed generative-training: by mail",
        "-> #2 2026-01-02 00:00 Anna withdrew every purpose: new label",
    ]


def test_every_kind_of_event_is_one_plain_sentence(ledger: Ledger, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("yes")
    said = {TRAIN: Permission.CONSTRAINED, Purpose.SELL_OUTPUTS: Permission.NOT_ALLOWED}
    end = START + timedelta(days=365)
    ledger.grant(party="Anna", content_ids=["aa"], permissions=said, credit="A. Berg", expires_at=end, at=START)
    ledger.grant(party="Anna", content_ids=["aa"], permissions=said, conditions=["only in Norway"], at=START)
    ledger.state_licence(party="Boris", content_ids=["aa"], licence="cc0", at=START)
    ledger.expire(party="Anna", content_ids=["aa"], purposes=[TRAIN], at=START)
    ledger.opt_out(party="Dora", content_ids=["aa"], at=START)
    dispute = ledger.dispute(party="Carl", content_ids=["aa"], at=START)
    ledger.settle(dispute.hash, party="Carl", at=START)
    event = ledger.attach_evidence(party="Anna", content_ids=["aa"], evidence=letter, at=START)
    assert [
        ledger.desk.tell(event).removeprefix(f"#{event.sequence} 2026-01-01 00:00 ") for event in ledger.events()
    ] == [
        "Anna allowed generative-training; did not allow sell-outputs, with the credit 'A. Berg', "
        "until the end of 2026-12-31",
        "Anna allowed with a condition generative-training; did not allow sell-outputs, on condition: only in Norway",
        "Boris published it under CC0-1.0",
        "Anna let the consent end for generative-training",
        "Dora opted out of every purpose",
        "Carl disputes every purpose",
        f"Carl settled the dispute {dispute.hash[:12]}",
        f"Anna filed a document (evidence {event.evidence[0][:12]})",
    ]


def test_parties_and_filters(ledger: Ledger) -> None:
    ledger.grant(party="Anna", content_ids=["aa", "bb"], permissions=YES)
    ledger.revoke(party="  ANNA ", content_ids=["aa"])
    ledger.grant(party="Boris", content_ids=["bb"], permissions=YES)
    assert [(party.name, party.events, party.sounds) for party in ledger.parties()] == [("ANNA", 2, 2), ("Boris", 1, 1)]
    assert [event.sequence for event in ledger.events(content_id="bb")] == [1, 3]
    assert [event.sequence for event in ledger.events(party="anna")] == [1, 2]
    assert ledger.find_sounds("a") == ["aa"]


def test_an_event_without_a_date_is_later_than_all_before_it_whatever_the_clock_says(ledger: Ledger) -> None:
    fast_clock = datetime.now(UTC) + timedelta(hours=2)
    ledger.revoke(party="Anna", content_ids=["aa"], at=fast_clock)
    event = ledger.grant(party="Anna", content_ids=["aa"], permissions=YES)
    assert datetime.fromisoformat(event.at) > fast_clock
    assert ask(ledger).allowed


def test_slips_are_named(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="No sound was named"):
        ledger.grant_mine(content_ids=[])
    with pytest.raises(UsageError, match="The party has no name"):
        ledger.revoke(party="  ", content_ids=["aa"])
    with pytest.raises(UsageError, match="in the future"):
        ledger.revoke(party="Anna", content_ids=["aa"], at=datetime.now(UTC) + timedelta(days=3))
    with pytest.raises(UsageError, match="The grant allows nothing"):
        ledger.grant(party="Anna", content_ids=["aa"], permissions={})
    with pytest.raises(UsageError, match="has no time zone"):
        ledger.revoke(party="Anna", content_ids=["aa"], at=datetime(2026, 1, 1))
    with pytest.raises(UnknownName, match="near: generative-training"):
        ledger.decide(["aa"], "generativ-training")
    assert ledger.head() == GENESIS
