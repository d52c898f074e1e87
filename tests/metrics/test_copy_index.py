from __future__ import annotations

import numpy as np
import pytest
from scipy import signal
from tests.metrics.sounds import RATE_HZ, mixed_set, noise_hit, tone_hit

from woodshed.base.errors import UsageError
from woodshed.metrics import ALL_AND_CROSSED, ALL_AT_ONCE, CHANGES, COPY_EXCESS, CopyGuard, CopyIndex, plant
from woodshed.sound import Sound

TRAINING = mixed_set(24)


@pytest.fixture(scope="module")
def index() -> CopyIndex:
    return CopyIndex(TRAINING.sounds)


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_every_planted_change_is_found_in_the_right_sound(index: CopyIndex, change: str) -> None:
    for at in (3, 7):
        planted = plant(TRAINING.sounds[at], change=change, seed=at, envelope_of=noise_hit(99, decay_s=0.1))
        found = index.matches([planted], everywhere=False)
        assert found.index[0, 0] == at
        assert found.excess[0, 0] > COPY_EXCESS


def test_unseen_sounds_do_not_stand_out(index: CopyIndex) -> None:
    found = index.matches(mixed_set(10, seed=4).sounds)
    assert found.excess[:, 0].max() < COPY_EXCESS
    assert (found.excess >= 0).all()


def test_the_change_of_speed_is_named(index: CopyIndex) -> None:
    up = index.matches([plant(TRAINING.sounds[5], change="30 cents up", seed=0)], everywhere=False)
    assert up.cents[0] == pytest.approx(-30, abs=2)


def test_a_copy_under_a_new_attack_is_found_by_its_windows(index: CopyIndex) -> None:
    copied, attack = TRAINING.sounds[9].data, noise_hit(70).data[:, :5292] * 0.3
    found = index.matches([Sound(np.concatenate([attack, copied[:, 400:]], axis=1), RATE_HZ)])
    assert found.index[0, 1] == 9
    assert found.excess[0, 1] > 0.4


def test_a_twin_does_not_make_a_copy_usual() -> None:
    twins = [0, 0, 0, *range(3, 24)]
    sounds = [TRAINING.sounds[1], TRAINING.sounds[1].scaled(0.5), TRAINING.sounds[1].scaled(-1), *TRAINING.sounds[3:]]
    found = CopyIndex(sounds, twins=twins).matches([TRAINING.sounds[1].scaled(0.7)], everywhere=False)
    assert found.excess[0, 0] > COPY_EXCESS


def test_what_was_left_out_is_not_found(index: CopyIndex) -> None:
    left_out = np.zeros((1, 24), bool)
    left_out[0, 5] = True
    found = index.matches([TRAINING.sounds[5]], left_out=left_out)
    assert found.index[0, 0] != 5
    assert found.excess[0].max() < COPY_EXCESS


def test_company_does_not_matter(index: CopyIndex) -> None:
    alone = index.matches([noise_hit(60)])
    together = index.matches([tone_hit(1), noise_hit(60)])
    assert together.excess[1] == pytest.approx(alone.excess[0], abs=1e-5)


@pytest.mark.parametrize(
    "odd",
    [np.zeros((1, 100)), np.zeros((2, 0)), np.ones((1, 1)), np.full((1, 500), np.nan), np.full((1, 500), np.inf)],
    ids=["silent", "empty", "one frame", "nan", "infinite"],
)
def test_odd_sounds_on_either_side_are_no_copies(index: CopyIndex, odd: np.ndarray) -> None:
    assert index.matches([Sound(odd, RATE_HZ)]).excess.max() < COPY_EXCESS
    assert CopyIndex([Sound(odd, RATE_HZ), noise_hit(0)]).matches([noise_hit(0)]).index[0, 0] == 1


def test_sides_that_cancel_are_heard(index: CopyIndex) -> None:
    turned = np.concatenate([TRAINING.sounds[3].data, -TRAINING.sounds[3].data])
    assert index.matches([Sound(turned, RATE_HZ)], everywhere=False).index[0, 0] == 3


def test_nothing_to_search_is_refused() -> None:
    with pytest.raises(UsageError, match="no training sounds"):
        CopyIndex([])


def test_a_sound_is_not_refused_for_a_lender_it_names(index: CopyIndex) -> None:
    guard = CopyGuard(index, names=[f"s{place}" for place in range(24)])
    copy = TRAINING.sounds[5].scaled(-0.5)
    named, unnamed = guard.judge([copy, copy], lenders=[("s5",), ()])
    assert (named.refused, unnamed.refused) == (False, True)
    assert unnamed.name == "s5"


def test_crossed_plants_differ_from_plain_ones() -> None:
    plain = plant(TRAINING.sounds[3], change=ALL_AT_ONCE, seed=1)
    crossed = plant(TRAINING.sounds[3], change=ALL_AND_CROSSED, seed=1, envelope_of=noise_hit(8, decay_s=0.02))
    assert plain.frames != crossed.frames


def low_tone(frequency_hz: float, *, seed: int) -> Sound:
    """A steady low tone with a few partials, phases and a little noise of its own."""
    rng, time_s = np.random.default_rng(seed), np.arange(RATE_HZ // 2) / RATE_HZ
    turns = 2 * np.pi * frequency_hz * time_s
    tone = sum(np.sin(partial * turns + rng.uniform(0, 2 * np.pi)) / partial**2 for partial in (1, 2))
    return Sound((tone * 0.3 + rng.normal(size=time_s.size) * 1e-3) * np.exp(-4 * time_s), RATE_HZ)


def test_two_low_tones_of_one_pitch_are_no_copies() -> None:
    """The seeds are no training sound's: the same hiss under another tone is a copy, and is found."""
    index = CopyIndex([low_tone(70, seed=1001), *TRAINING.sounds])
    found = index.matches([low_tone(70.3, seed=1002), low_tone(69.8, seed=1003)])
    assert found.likeness.min() > 0.6
    assert found.excess.max() < COPY_EXCESS


def bass_note(seed: int) -> Sound:
    """A steady low tone, the same for all but for its phase, and a quiet hiss of its own above it, 56 dB below."""
    rng, time_s = np.random.default_rng(seed), np.arange(RATE_HZ // 3) / RATE_HZ
    tone = np.sin(2 * np.pi * 65 * time_s + rng.uniform(0, 6)) + 0.4 * np.sin(2 * np.pi * 130 * time_s)
    return Sound(0.6 * (tone + 1.5e-3 * rng.normal(size=time_s.size)), RATE_HZ)


def test_a_bass_note_is_known_by_the_quiet_brightness_above_it() -> None:
    notes = [bass_note(seed) for seed in range(14)]
    other_low = notes[3].data - bass_note(3).data + bass_note(30).data
    bright = Sound(signal.sosfilt(signal.butter(8, 600, "high", fs=RATE_HZ, output="sos"), notes[3].data), RATE_HZ)
    low = Sound(signal.sosfilt(signal.butter(8, 600, fs=RATE_HZ, output="sos"), other_low), RATE_HZ)
    found = CopyIndex(notes[:13]).matches([Sound(bright.data + low.data, RATE_HZ), notes[13]])
    assert found.excess[0, :3].max() < COPY_EXCESS
    assert found.index[0, 3] == 3
    assert found.excess[0, 3] > 2 * COPY_EXCESS
    assert found.excess[1, 3] < COPY_EXCESS


def test_a_quiet_beginning_without_its_loud_end_is_found() -> None:
    noise = noise_hit(40, decay_s=2, duration_s=0.8).data
    late = noise * np.where(np.arange(noise.shape[1]) < 0.4 * RATE_HZ, 0.005, 1)
    found = CopyIndex([*TRAINING.sounds, Sound(late, RATE_HZ)]).matches([Sound(late[:, : int(0.3 * RATE_HZ)], RATE_HZ)])
    assert found.index[0, 1] == 24
    assert found.excess[0, 1] > 0.6


def test_attacks_only_leaves_the_rest_out(index: CopyIndex) -> None:
    found = index.matches([TRAINING.sounds[3]], everywhere=False)
    assert found.excess[0, 0] > COPY_EXCESS
    assert (found.excess[0, 1:] == 0).all()


def test_half_a_second_tells_a_copy_from_another_hit() -> None:
    long = [noise_hit(seed, decay_s=0.3, duration_s=0.6) for seed in range(20, 40)]
    found = CopyIndex(long[:19]).matches([long[3].scaled(-0.5), long[19]])
    assert found.index[0, 2] == 3
    assert found.excess[0, 2] > 1
    assert found.excess[1, 2] < COPY_EXCESS
