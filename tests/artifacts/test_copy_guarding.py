from __future__ import annotations

from tests.metrics.sounds import mixed_set, noise_hit
from woodshed.artifacts.copy_guarding import _heard, _twins
from woodshed.metrics import ALL_AT_ONCE, CopyGuard, CopyIndex, plant


def test_the_traces_of_the_library_are_enough_to_know_a_copy() -> None:
    training = mixed_set(16)
    waves = [_heard(sound) for sound in training.sounds]
    guard = CopyGuard(CopyIndex.of_waves(waves), names=[str(place) for place in range(16)], hear=_heard)
    plants = [plant(training.sounds[at], change=ALL_AT_ONCE, seed=at) for at in (3, 7, 9)]
    judged = guard.judge([*plants, noise_hit(900)])
    assert [one.refused for one in judged] == [True, True, True, False]
    assert [one.name for one in judged[:3]] == ["3", "7", "9"]


def test_twins_share_a_number() -> None:
    assert _twins(["a", "b", "c", "d"], [("b", "d"), ("c", "d"), ("x", "a")]) == [0, 1, 1, 1]
