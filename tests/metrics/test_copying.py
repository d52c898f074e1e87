from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.metrics.sounds import RATE_HZ, mixed_set, noise_hit, tone_hit

from woodshed.base.errors import UsageError
from woodshed.base.events import Event, Progress
from woodshed.metrics import ALL_AT_ONCE, SINGLE_CHANGES, CopyFinder, CopyJudge, Share, SoundSet, plant, threshold_of
from woodshed.sound import Sound


@pytest.fixture(scope="module")
def finder() -> CopyFinder:
    return CopyFinder([noise_hit(seed) for seed in range(12)])


@pytest.mark.parametrize("change", sorted(SINGLE_CHANGES))
def test_every_planted_change_is_found_in_the_right_sound(finder: CopyFinder, change: str) -> None:
    for at in (2, 7):
        found = finder.nearest([plant(noise_hit(at), change=change, seed=at)])
        assert found.index[0] == at
        assert found.likeness[0] > 0.85


def test_the_change_of_speed_is_named(finder: CopyFinder) -> None:
    up = finder.nearest([plant(noise_hit(3), change="30 cents up", seed=0)])
    assert up.cents[0] == pytest.approx(-30, abs=2)
    assert plant(noise_hit(3), change=ALL_AT_ONCE, seed=0).frames != noise_hit(3).frames


def test_unrelated_noise_is_not_alike(finder: CopyFinder) -> None:
    assert finder.nearest([noise_hit(seed) for seed in (50, 51)]).likeness.max() < 0.6


def test_what_was_left_out_is_not_found(finder: CopyFinder) -> None:
    left_out = np.zeros((1, 12), bool)
    left_out[0, 4] = True
    found = finder.nearest([noise_hit(4)], left_out=left_out)
    assert found.index[0] != 4
    assert found.likeness[0] < 0.6


def test_company_does_not_matter(finder: CopyFinder) -> None:
    alone = finder.nearest([noise_hit(60)])
    together = finder.nearest([tone_hit(1), noise_hit(60), noise_hit(2)])
    assert together.likeness[1] == pytest.approx(alone.likeness[0], abs=1e-5)


@pytest.mark.parametrize(
    "odd",
    [np.zeros((1, 100)), np.zeros((2, 0)), np.ones((1, 1)), np.full((1, 500), np.nan), np.full((1, 500), np.inf)],
    ids=["silent", "empty", "one frame", "nan", "infinite"],
)
def test_odd_sounds_on_either_side_are_no_copies(finder: CopyFinder, odd: np.ndarray) -> None:
    assert 0 <= finder.nearest([Sound(odd, RATE_HZ)]).likeness[0] < 0.9
    assert CopyFinder([Sound(odd, RATE_HZ), noise_hit(0)]).nearest([noise_hit(0)]).index[0] == 1


def test_another_rate_and_channel_count_do_not_hide_a_copy(finder: CopyFinder) -> None:
    other = noise_hit(5).resampled(48000)
    found = finder.nearest([Sound(np.repeat(other.data, 2, axis=0), 48000)])
    assert found.index[0] == 5
    assert found.likeness[0] > 0.95


def test_nothing_to_search_is_refused() -> None:
    with pytest.raises(UsageError, match="no training sounds"):
        CopyFinder([])


def test_judge_counts_copies_and_leaves_new_sounds_alone() -> None:
    training, held_out, fresh = mixed_set(40), mixed_set(24, seed=1), mixed_set(10, seed=2)
    judge = CopyJudge(training, held_out, plants=3, seed=0)
    copies = training.taken([1, 3, 5])
    check = judge.check(SoundSet(fresh.sounds[1::2] + copies.sounds))
    assert check.can_tell
    assert not check.resolved  # 24 sounds cannot show 1 %
    assert check.null.of == 24
    assert (check.nearest.likeness[-3:] > check.threshold).all()
    assert check.made.count == 3
    assert judge.check(copies).inside_null is False


def test_without_held_out_sounds_other_groups_are_the_null() -> None:
    told: list[Event] = []
    check = CopyJudge(mixed_set(24), SoundSet(()), plants=1, on_event=told.append).check(mixed_set(2, seed=5))
    assert check.null.of == 24
    assert "other groups" in check.null_kind
    assert check.beside == "training sounds of other groups"
    assert check.beside in {event.stage for event in told if isinstance(event, Progress)}


def test_when_the_control_fails_the_check_cannot_tell() -> None:
    # All "training sounds" are one sine: every real sound resembles every other, so nothing can stand out.
    time_s = np.arange(4000) / RATE_HZ
    same = tuple(Sound(0.5 * np.sin(2 * np.pi * 1000 * time_s + phase), RATE_HZ) for phase in np.linspace(0, 1, 24))
    kits = SoundSet(same, groups=tuple(f"kit {place}" for place in range(24)))
    assert not CopyJudge(kits, kits, plants=2).check(kits.taken([0])).can_tell


def test_threshold_lets_one_in_a_hundred_pass() -> None:
    null = np.random.default_rng(0).uniform(size=500)
    assert np.sum(null > threshold_of(null)) == 5
    assert threshold_of(null[:50]) == null[:50].max()
    assert threshold_of(np.zeros(0)) == 1.0


def test_exact_interval_agrees_with_scipy() -> None:
    for count, of in ((0, 30), (7, 64), (64, 64)):
        truth = stats.binomtest(count, of).proportion_ci(0.95, method="exact")
        assert (Share(count, of).low, Share(count, of).high) == pytest.approx((truth.low, truth.high))
