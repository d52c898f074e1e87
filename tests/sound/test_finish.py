"""Finishing: what comes out starts at once, ends in time, has no offset, does not clip and is as loud as asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sound.sounds import hit, noise, tone
from woodshed.base.errors import UnusableSound
from woodshed.dsp import first_onset_s, integrated_loudness_lufs, true_peak_db
from woodshed.sound import LEVEL_LUFS, Sound, finish_sound, read_sound


def test_a_late_hit_starts_at_once() -> None:
    finished = finish_sound(hit(before_s=0.3))
    assert finished.trimmed_head_ms == pytest.approx(299.5, abs=0.5)
    assert first_onset_s(finished.sound.data, 44100) <= 0.001
    assert finished.sound.data[0, :200].max() > 0.5 * finished.sound.peak, "the attack is still there"


def test_a_tail_is_cut_where_it_has_died_away_and_fades_to_nothing() -> None:
    finished = finish_sound(hit(before_s=0.0, tail_s=3.0), level_lufs=None)
    died_s = 0.06 * np.log(10 ** (66 / 20))
    assert finished.sound.duration_s == pytest.approx(died_s, abs=0.02)
    assert finished.trimmed_tail_ms == pytest.approx(1000 * (3.0 - finished.sound.duration_s), abs=1)
    assert abs(finished.sound.data[0, -1]) < 1e-5


def test_an_end_that_is_cut_off_gets_a_short_fade() -> None:
    finished = finish_sound(tone(seconds=0.5, hz=441.3), level_lufs=None)
    assert finished.sound.frames == 24000
    assert abs(finished.sound.data[0, -1]) < 1e-3
    assert np.abs(finished.sound.data[0, -400:-300]).max() > 0.4


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("offset", [0.1, -0.02])
def test_an_offset_is_removed_without_a_step(channels: int, offset: float) -> None:
    clean = hit(before_s=0.0, level=0.5).with_channels(channels)
    shifted = Sound(clean.data + np.float32(offset), clean.sample_rate_hz)
    finished = finish_sound(shifted, level_lufs=None)
    assert np.abs(finished.sound.data.mean(axis=1)).max() < 1e-6
    assert finished.offset_db == pytest.approx(20 * np.log10(abs(offset)), abs=0.3)
    frames = min(finished.sound.frames, clean.frames) - 500
    np.testing.assert_allclose(finished.sound.data[:, 50:frames], clean.data[:, 50:frames], atol=0.02)


def test_a_lopsided_hit_leaves_silence_silent() -> None:
    """The mean of a kick is no offset: subtracting it would stand in the tail as a step."""
    at = np.arange(44100) / 44100
    lopsided = 0.8 * np.exp(-at / 0.02) * (np.cos(2 * np.pi * 50 * at) + 0.3)
    finished = finish_sound(Sound(lopsided, 44100), level_lufs=None, trim=False)
    assert abs(float(finished.sound.data.mean())) < 1e-6
    assert np.abs(finished.sound.data[0, 22050:]).max() < 1e-4


@settings(max_examples=25, deadline=None)
@given(level=st.floats(1e-3, 50.0), seed=st.integers(0, 99), rate_hz=st.sampled_from([8000, 44100, 96000]))
def test_never_clips_and_is_as_loud_as_asked_or_at_the_ceiling(level: float, seed: int, rate_hz: int) -> None:
    sound = Sound(noise(seed=seed, rate_hz=rate_hz, seconds=0.5).data * np.float32(level), rate_hz)
    finished = finish_sound(sound)
    peak_db = true_peak_db(finished.sound.data, rate_hz)
    loudness = integrated_loudness_lufs(finished.sound.data, rate_hz)
    assert peak_db <= -1.0 + 1e-3
    assert finished.true_peak_db == pytest.approx(peak_db, abs=1e-3)
    assert finished.loudness_lufs == pytest.approx(loudness, abs=0.01)
    if finished.peak_limited:
        assert peak_db == pytest.approx(-1.0, abs=1e-3)
        assert loudness < LEVEL_LUFS
    else:
        assert loudness == pytest.approx(LEVEL_LUFS, abs=0.01)


def test_gain_before_makes_no_difference_after() -> None:
    quiet, loud = finish_sound(hit(level=0.05)), finish_sound(hit(level=0.9))
    np.testing.assert_allclose(quiet.sound.data, loud.sound.data, atol=1e-5)
    assert quiet.gain_db - loud.gain_db == pytest.approx(20 * np.log10(0.9 / 0.05), abs=1e-3)


def test_finishing_twice_changes_next_to_nothing() -> None:
    once = finish_sound(hit())
    twice = finish_sound(once.sound)
    assert abs(twice.gain_db) < 0.1
    assert twice.trimmed_head_ms == 0.0
    assert abs(twice.sound.frames - once.sound.frames) <= 0.02 * 44100


def test_with_everything_off_only_clipping_is_prevented() -> None:
    sound = tone(level=0.5)
    same = finish_sound(sound, level_lufs=None, trim=False, remove_offset=False)
    np.testing.assert_array_equal(same.sound.data, sound.data)
    hot = finish_sound(tone(level=2.0), level_lufs=None, trim=False, remove_offset=False)
    assert hot.true_peak_db == pytest.approx(-1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((2, 4410)), "take 3 is silent"),
        (np.full((1, 4410), 0.1), "take 3 is silent"),
        (np.zeros((1, 0)), "take 3 has no audio"),
        ([0.1, np.nan], "NaN"),
    ],
)
def test_what_cannot_be_finished_is_an_error_and_never_nan(data: np.ndarray, words: str) -> None:
    with pytest.raises(UnusableSound, match=words):
        finish_sound(Sound(np.asarray(data, dtype=np.float32), 44100), name="take 3")


@pytest.mark.parametrize("frames", [1, 2, 3, 10, 100])
def test_clicks_of_a_few_frames_survive(frames: int) -> None:
    finished = finish_sound(Sound(np.linspace(0.5, -0.4, frames), 44100), remove_offset=False)
    assert np.isfinite(finished.sound.data).all()
    assert finished.sound.frames == frames
    assert finished.sound.peak > 0.01
    assert np.isfinite(finish_sound(Sound(np.full(frames, 0.5), 44100), remove_offset=False).gain_db)


@pytest.mark.real
def test_real_one_shots_start_within_a_millisecond_and_never_clip(real_data: Path) -> None:
    for path in sorted((real_data / "oneshots").rglob("*.flac"))[::17]:
        finished = finish_sound(read_sound(path), name=path.name)
        rate_hz = finished.sound.sample_rate_hz
        assert first_onset_s(finished.sound.data, rate_hz) <= 0.001, path.name
        assert true_peak_db(finished.sound.data, rate_hz) <= -0.999, path.name
        assert np.abs(finished.sound.data.mean(axis=1)).max() < 1e-5, path.name
