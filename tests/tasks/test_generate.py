"""Planning of requests, and silent sounds asked for again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.training.toy import toy
from woodshed.base.errors import UnknownName
from woodshed.roles import DataSpec, LenderPool, Made, NoLenders, Request
from woodshed.sound import Sound
from woodshed.tasks.generate import KNOBS, plan_requests, sounding


class Shy:
    """Is silent for the seeds it is told."""

    def __init__(self, silent: set[int]) -> None:
        self.silent = silent
        self.asked: list[int] = []
        self.spec = DataSpec(44100, 1, ("kick", "snare"))

    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        self.asked += [request.seed for request in requests]
        return [Made(Sound(np.full(9, 0.0 if r.seed in self.silent else 0.5), 44100)) for r in requests]


def test_seeds_count_up() -> None:
    requests = plan_requests(Shy(set()), KNOBS.settings(count=3, seed=7, **{"class": "kick"}))  # type: ignore[arg-type]
    assert [(r.seed, r.class_name) for r in requests] == [(7, "kick"), (8, "kick"), (9, "kick")]


def test_each_takes_the_classes_in_turn_and_seeds_of_a_class_lie_side_by_side() -> None:
    requests = plan_requests(Shy(set()), KNOBS.settings(count=5, seed=7, **{"class": "each"}))  # type: ignore[arg-type]
    asked = [(7, "kick"), (10, "snare"), (8, "kick"), (11, "snare"), (9, "kick")]
    assert [(r.seed, r.class_name) for r in requests] == asked


def test_several_classes_come_in_turn_and_each_has_its_own_row_of_seeds() -> None:
    settings = KNOBS.settings(count=3, seed=7, **{"class": "snare,kick"})  # type: ignore[arg-type]
    asked = [(request.seed, request.class_name) for request in plan_requests(Shy(set()), settings)]
    assert asked == [(7, "snare"), (9, "kick"), (8, "snare")]


def test_each_begins_with_the_classes_of_the_own_sounds() -> None:
    settings = KNOBS.settings(count=2, **{"class": "each"})  # type: ignore[arg-type]
    requests = plan_requests(Shy(set()), settings, own_classes={"snare"})  # type: ignore[arg-type]
    assert [request.class_name for request in requests] == ["snare", "kick"]


def test_without_classes_each_means_any() -> None:
    [request] = plan_requests(toy(), KNOBS.settings(count=1, **{"class": "each"}))  # type: ignore[arg-type]
    assert request.class_name is None


def test_unknown_class_is_named() -> None:
    with pytest.raises(UnknownName, match=r"no class 'snar'.*near: snare"):
        plan_requests(Shy(set()), KNOBS.settings(**{"class": "snar"}))  # type: ignore[arg-type]


def test_a_silent_sound_is_asked_for_again_and_only_that_one() -> None:
    shy = Shy({8})
    requests = [Request(seed=7), Request(seed=8)]
    made = sounding(shy, requests, lenders=NoLenders(), settings=KNOBS.settings())  # type: ignore[arg-type]
    assert [one.sound.peak for one in made] == [0.5, 0.5]
    assert len(shy.asked) == 3
    again = Shy({8})
    sounding(again, requests[1:], lenders=NoLenders(), settings=KNOBS.settings())  # type: ignore[arg-type]
    assert again.asked[-1] == shy.asked[-1], "the same request ends in the same sound whatever stands beside it"


def test_wishes_reach_the_model_by_name() -> None:
    settings = KNOBS.settings(count=2, brightness=4000.0, pitch=52.0)
    requests = plan_requests(Shy(set()), settings)  # type: ignore[arg-type]
    assert [dict(request.wishes) for request in requests] == [{"brightness_hz": 4000.0, "pitch_hz": 52.0}] * 2
