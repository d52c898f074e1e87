from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.sounds import RATE_HZ

from woodshed.base.errors import UsageError
from woodshed.metrics import PairFinder, SoundSet, crossed, means_of_two, pair_check
from woodshed.sound import Sound


def noisy_set(count: int, *, seed: int) -> SoundSet:
    """Bursts of noise of several colours and decays, no two alike."""
    rng = np.random.default_rng(seed)
    sounds = []
    for _ in range(count):
        noise = rng.normal(size=RATE_HZ // 3)
        smooth = np.convolve(noise, np.ones(int(rng.integers(1, 6))), mode="same")
        sounds.append(Sound(0.2 * smooth * np.exp(-np.arange(noise.size) / rng.uniform(2000, 9000)), RATE_HZ))
    return SoundSet(tuple(sounds), ("snare",) * count, tuple(f"kit {place // 4}" for place in range(count)))


TRAINING, HELD_OUT = noisy_set(30, seed=0), noisy_set(24, seed=1)
LIKE = ("snare",) * 12


def test_new_sounds_are_explained_no_better_than_unseen_ones() -> None:
    check = pair_check(noisy_set(20, seed=2), TRAINING, HELD_OUT, plants=10)
    assert check.can_tell
    assert check.inside_null
    assert check.mixed.of == check.crossed.of == 20


@pytest.mark.parametrize(("trick", "kind"), [(means_of_two, "mixed"), (crossed, "crossed")])
def test_tricks_are_found_out(trick: object, kind: str) -> None:
    made = trick(TRAINING, like=LIKE, seed=3)  # type: ignore[operator]
    check = pair_check(made, TRAINING, HELD_OUT, plants=6)
    assert getattr(check, kind).share > 0.8
    assert not check.inside_null


def test_the_parts_are_named_whatever_their_start_and_polarity() -> None:
    one, two = TRAINING.sounds[4].data, TRAINING.sounds[11].data
    later = np.pad(two, ((0, 0), (400, 0)))[:, : one.shape[1]]
    found = PairFinder(TRAINING.sounds).explained([Sound(one - 0.7 * later, RATE_HZ)])
    assert sorted(found.pair[0].tolist()) == [4, 11]
    assert found.mixed[0] > 0.9


def test_left_out_sounds_are_not_taken() -> None:
    left_out = np.zeros((1, len(TRAINING)), bool)
    left_out[0, 4] = True
    found = PairFinder(TRAINING.sounds).explained([TRAINING.sounds[4]], left_out=left_out)
    assert found.lender[0] != 4
    assert 4 not in found.pair[0]


def test_without_unseen_sounds_there_is_no_answer() -> None:
    with pytest.raises(UsageError, match="unseen"):
        pair_check(TRAINING, TRAINING, SoundSet(()))
    with pytest.raises(UsageError, match="pair"):
        PairFinder(TRAINING.sounds[:1])
