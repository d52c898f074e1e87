from __future__ import annotations

from collections.abc import Sequence

from tests.metrics.sounds import noise_hit
from woodshed.artifacts.refusing import TRIES, without_copies
from woodshed.base.events import Event, Note
from woodshed.metrics import CopyGuard, CopyIndex
from woodshed.roles import Made, Request

TRAINING = [noise_hit(place) for place in range(12)]
GUARD = CopyGuard(CopyIndex(TRAINING), names=[f"sound-{place}" for place in range(12)])


class Copier:
    """Copies for so many calls, then makes something new."""

    def __init__(self, copies: int) -> None:
        self.copies, self.asked = copies, []

    def __call__(self, requests: Sequence[Request]) -> list[Made]:
        self.asked.append([request.seed for request in requests])
        copying = len(self.asked) <= self.copies
        return [
            Made(TRAINING[4].scaled(-0.3) if copying and request.class_name else noise_hit(900 + place))
            for place, request in enumerate(requests)
        ]


def test_a_copy_is_made_anew_and_the_receipt_says_so() -> None:
    copier = Copier(1)
    kept = without_copies([Request(7, "kick"), Request(8)], copier, guard=GUARD)
    assert [number for number, _ in kept] == [0, 1]
    assert [one.checked.made_anew for _, one in kept if one.checked] == [1, 0]
    assert copier.asked[0] == [7, 8]
    assert len(copier.asked[1]) == 1
    assert copier.asked[1][0] not in (7, 8)
    assert kept[1][1].checked is not None
    assert kept[1][1].checked.excess < kept[1][1].checked.threshold


def test_what_stays_a_copy_is_left_out_with_a_note() -> None:
    told: list[Event] = []
    kept = without_copies([Request(7, "kick"), Request(8)], Copier(99), guard=GUARD, on_event=told.append)
    assert [number for number, _ in kept] == [1]
    notes = [event.text for event in told if isinstance(event, Note)]
    assert notes == [f"Left out: seed 7 gave a copy of sound-4 {TRIES + 1} times."]


def test_without_a_guard_nothing_is_judged() -> None:
    kept = without_copies([Request(7, "kick")], Copier(99), guard=None)
    assert kept[0][1].checked is None
