"""The noun: shapes, read-only memory, identity, conversions only on request."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sound.sounds import noise, tone
from woodshed.base.errors import UnusableSound, UsageError
from woodshed.sound import Sound


def test_one_dimension_is_one_channel_and_memory_is_locked() -> None:
    given_data = np.zeros(10, dtype=np.float32)
    sound = Sound(given_data, 8000)
    assert sound.data.shape == (1, 10)
    with pytest.raises(ValueError, match="read-only"):
        sound.data[0, 0] = 1.0
    given_data[0] = 1.0
    assert sound.peak == 0.0, "what the caller does later does not reach the sound"


def test_a_locked_array_is_taken_over_and_an_open_view_of_it_is_not() -> None:
    locked = np.zeros((1, 5), dtype=np.float32)
    locked.setflags(write=False)
    assert Sound(locked, 8000).data is locked
    open_data = np.zeros((2, 5), dtype=np.float32)
    view = open_data[:]
    view.setflags(write=False)
    sound = Sound(view, 8000)
    open_data[0, 0] = 1.0
    assert sound.peak == 0.0


@pytest.mark.parametrize(("data", "rate_hz"), [(np.zeros((1, 2, 3)), 8000), (np.zeros((0, 3)), 8000), (np.zeros(3), 0)])
def test_impossible_shapes_and_rates_are_refused(data: np.ndarray, rate_hz: int) -> None:
    with pytest.raises(UsageError, match="Way out: "):
        Sound(data, rate_hz)


def test_identity_depends_on_pcm_shape_and_rate_only() -> None:
    sound = noise(seconds=0.01)
    assert sound.content_id == Sound(sound.data.astype(np.float64), sound.sample_rate_hz).content_id
    others = {
        Sound(sound.data, 48000).content_id,
        Sound(sound.data[:, ::-1], 44100).content_id,
        sound.mono().content_id,
    }
    others.add(Sound(sound.data.reshape(1, -1), 44100).content_id)
    assert len(others) == 4
    assert sound.content_id not in others
    assert len(sound.content_id) == 32


@given(channels=st.integers(1, 8), frames=st.integers(0, 50))
def test_mono_is_the_mean_and_comes_back_on_any_number_of_channels(channels: int, frames: int) -> None:
    sound = noise(seconds=frames / 1000, channels=channels, rate_hz=1000)
    mono = sound.mono()
    assert mono.channels == 1
    np.testing.assert_allclose(mono.data[0], sound.data.mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(mono.with_channels(3).data, np.repeat(mono.data, 3, axis=0))


def test_seven_channels_do_not_become_two_by_themselves() -> None:
    with pytest.raises(UsageError, match=r"7 channels cannot become 2 .* Way out: mix it down in a DAW"):
        noise(channels=7).with_channels(2)


def test_resampling_keeps_pitch_level_and_length() -> None:
    sound = tone(hz=1000.0, rate_hz=44100, seconds=0.5)
    changed = sound.resampled(48000)
    assert changed.sample_rate_hz == 48000
    assert changed.frames == pytest.approx(24000, abs=1)
    spectrum = np.abs(np.fft.rfft(changed.data[0, 2000:22000]))
    assert np.argmax(spectrum) * 48000 / 20000 == pytest.approx(1000.0, abs=3)
    assert changed.data[0, 2000:22000].max() == pytest.approx(0.5, abs=1e-3)
    assert sound.resampled(44100) is sound


def test_section_and_gain_are_new_sounds() -> None:
    sound = tone(seconds=0.1)
    part = sound.section(10, 20).scaled(0.5)
    np.testing.assert_array_equal(part.data, sound.data[:, 10:20] * np.float32(0.5))
    assert sound.section(-5, 3).frames == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [([], "0 frames"), ([0.1, np.nan], "NaN or infinity"), ([0.1, np.inf], "NaN or infinity"), ([0.0, 1e-6], "silent")],
)
def test_checked_says_what_is_wrong_and_the_way_out(data: list[float], words: str) -> None:
    with pytest.raises(UnusableSound, match=rf"kick\.wav .*{words}.*Likely cause: .*Way out: "):
        Sound(np.array(data, dtype=np.float32), 8000).checked(name="kick.wav")


def test_sounds_travel_between_processes() -> None:
    sound = noise(seconds=0.01)
    again = pickle.loads(pickle.dumps(sound))
    np.testing.assert_array_equal(again.data, sound.data)
    assert repr(again) == repr(sound) == "Sound(2 ch, 0.010 s, 44100 Hz)"
