from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.sounds import RATE_HZ, mixed_set, tone_hit

from woodshed.base.errors import RateMismatch, UsageError
from woodshed.metrics import SoundSet, alike, described, respeeded
from woodshed.sound import Sound


def test_alike_removes_what_would_give_a_side_away() -> None:
    plain = tone_hit(1)
    disguised = Sound(np.pad(0.1 * plain.data, ((0, 0), (2000, 3000))), RATE_HZ)
    one, two = alike(plain, duration_s=0.2), alike(disguised, duration_s=0.2)
    assert one.frames == two.frames == round(0.2 * RATE_HZ)
    assert one.peak == pytest.approx(two.peak) == pytest.approx(0.9)
    shift = np.argmax(np.correlate(one.data[0], two.data[0], mode="full")) - (one.frames - 1)
    assert abs(shift) <= 0.003 * RATE_HZ


def test_a_mono_file_is_heard_as_the_same_sound_on_both_channels() -> None:
    mono = tone_hit(1).mono()
    both = Sound(np.concatenate([mono.data, mono.data]), RATE_HZ)
    one, two = (alike(sound, duration_s=0.2) for sound in (mono, both))
    assert one.channels == 2
    assert np.array_equal(one.data, two.data)
    assert np.array_equal(described(one), described(two))


def test_alike_makes_numbers_of_everything() -> None:
    for data in (np.zeros((1, 50)), np.zeros((2, 0)), np.full((1, 99), np.nan), np.ones((1, 1))):
        assert np.isfinite(alike(Sound(data, RATE_HZ), duration_s=0.1).data).all()


def test_lengths_and_rates_must_agree() -> None:
    with pytest.raises(UsageError, match="one class name, one group and one name per sound"):
        SoundSet((tone_hit(0),), ("kick", "snare"))
    with pytest.raises(RateMismatch, match="48000"):
        SoundSet((tone_hit(0), Sound(np.zeros(9), 48000)))


def test_taken_keeps_names_with_sounds() -> None:
    real = mixed_set(6)
    some = real.taken([5, 0, 5])
    assert some.class_names == ("snare", "kick", "snare")
    assert some.groups[0] == real.groups[5]
    assert some.names == ("sound 5", "sound 0", "sound 5")
    assert some.sounds[1] is real.sounds[0]


def test_respeeded_moves_the_pitch() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    faster = respeeded(Sound(np.sin(2 * np.pi * 1000 * time_s), RATE_HZ), cents=100)
    spectrum = np.abs(np.fft.rfft(faster.data[0]))
    assert np.argmax(spectrum) * RATE_HZ / faster.frames == pytest.approx(1059.46, rel=2e-3)
