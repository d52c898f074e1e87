"""Means of sounds: onsets together, polarity, tails, channels."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import RateMismatch, UsageError
from woodshed.dsp import first_onset_s
from woodshed.sound import Sound, mean_of, on_one_start

RATE = 44100


def hit(*, late: int = 0, hz: float = 90.0, seconds: float = 0.3, channels: int = 1) -> Sound:
    time = np.arange(round(seconds * RATE)) / RATE
    data = 0.7 * np.sin(2 * np.pi * hz * time) * np.exp(-time * 12)
    return Sound(np.pad(np.repeat(data[None], channels, axis=0), ((0, 0), (late, 0))), RATE)


def test_onsets_coincide() -> None:
    for sound in on_one_start([hit(late=4000), hit(late=100, hz=300), hit(late=900)]):
        assert abs(first_onset_s(sound.data, RATE) - 100 / RATE) < 0.001


def test_opposite_polarities_do_not_cancel() -> None:
    one = hit()
    made = mean_of([one, one.scaled(-0.8)], weights=(1, 1))
    assert np.corrcoef(made.data[0], one.data[0])[0, 1] > 0.999


def test_a_shorter_sound_fades_and_the_longer_rings_on() -> None:
    steady = Sound(np.full((1, 4000), 0.5, dtype=np.float32), RATE)
    made = mean_of([hit(seconds=0.5), steady], weights=(1, 1))
    assert abs(made.frames - round(0.5 * RATE)) < 70, "moved a little, so that the two agree"
    assert np.abs(np.diff(made.data[0, 3500:5000])).max() < 0.02, "no click where the shorter ends"


def test_stereo_is_kept_and_weights_count() -> None:
    wide = Sound(np.concatenate([hit().data, hit(hz=310).data]), RATE)
    made = mean_of([wide, hit(hz=900)], weights=(50, 1))
    assert made.channels == 2
    assert np.corrcoef(made.data[1], wide.data[1])[0, 1] > 0.99


def test_wrong_weights_and_rates_are_sentences() -> None:
    with pytest.raises(UsageError, match="1 weights do not fit 2 sounds"):
        mean_of([hit(), hit()], weights=(1,))
    with pytest.raises(RateMismatch):
        mean_of([hit(), Sound(hit().data, 48000)], weights=(1, 1))
