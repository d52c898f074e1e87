"""Every descriptor against a sound of which the truth is known, and what all of them promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dsp.peer_figures import peer_figures
from tests.dsp.signals import RATE, after_silence, band_noise, decaying, noise, pink, sine
from woodshed.base.errors import UnknownName, UnusableSound
from woodshed.dsp import DESCRIPTORS, describe, descriptor_index, descriptors, integrated_loudness_lufs
from woodshed.dsp.descriptors._spectrum import CEPSTRA
from woodshed.dsp.descriptors._view import MEL_BANDS, mel_edges_hz

NAMES = [descriptor.name for descriptor in DESCRIPTORS]
TONE = sine(1000, amplitude=0.5)
WHITE = noise(duration_s=8)[0]
STEREO_NOISE = noise(duration_s=4, channels=2)
BELL = decaying(sine(1000), decay_db_per_s=120)
TWO_TONES = np.concatenate([sine(2000, duration_s=0.1), sine(500, duration_s=0.9)])
BURSTS = np.concatenate([decaying(sine(800, duration_s=0.25), decay_db_per_s=200)] * 4)
RAMP = sine(1000) * np.minimum(1, np.arange(RATE) / (0.1 * RATE))
LATE = np.concatenate([0.01 * noise(duration_s=0.5)[0], sine(1000, duration_s=0.5)])
STEPPED = np.concatenate([sine(1000, duration_s=0.5), 0.01 * sine(1000, duration_s=0.5)])
SQUARE_OFF = np.concatenate([sine(1000, duration_s=0.3), np.zeros(round(0.7 * RATE))])
GLIDE = np.sin(2 * np.pi * np.cumsum(np.geomspace(400, 200, RATE)) / RATE)
LOW_WIDE = np.stack(
    [band_noise(80, 200, seed=1) + sine(5000, duration_s=2), band_noise(80, 200, seed=2) + sine(5000, duration_s=2)]
)
BAND = band_noise(1000, 4000, duration_s=4).astype(np.float32)
BRIGHT_THEN_DARK = np.concatenate([sine(10_000, duration_s=0.08), sine(500, duration_s=0.92)])


def tremor(frequency_hz, depth=0.5):
    """White noise would tremble by itself: a tone of 2 kHz whose amplitude does, 8 s long."""
    time = np.arange(8 * RATE) / RATE
    return sine(2000, duration_s=8) * (1 + depth * np.sin(2 * np.pi * frequency_hz * time)) / 2


def two_sines(first, second):
    return 0.4 * sine(first, duration_s=2) + 0.4 * sine(second, duration_s=2)


# name, sound, truth, tolerance
TRUTH = [
    ("duration_s", np.zeros(22_050), 0.5, 1e-6),
    ("duration_s", TONE, 1.0, 1e-6),
    ("loudness_lufs", np.stack([TONE, TONE]), -6.02, 0.05),
    (
        "loudness_lufs",
        noise(duration_s=2, channels=2),
        integrated_loudness_lufs(noise(duration_s=2, channels=2), RATE),
        1e-3,
    ),
    ("loudest_moment_lufs", np.concatenate([0.1 * TONE, TONE, 0.1 * TONE]), -9.03, 0.05),
    ("peak_db", TONE, -6.02, 0.01),
    ("rms_db", TONE, -9.03, 0.01),
    ("crest_db", TONE, 3.01, 0.01),
    ("crest_db", np.sign(TONE), 0.0, 0.1),
    ("dc_offset", TONE + 0.1, 0.1, 1e-4),
    ("dc_offset", np.stack([TONE + 0.05, TONE - 0.2]), -0.2, 1e-4),
    ("full_scale_share", np.clip(2 * sine(100), -1, 1), 2 / 3, 0.01),
    ("full_scale_share", TONE, 0.0, 0.0),
    ("zero_crossing_rate_hz", sine(1000, phase=0.1), 1000, 1),
    ("onset_s", after_silence(TONE, 0.25), 0.25, 0.001),
    ("attack_time_ms", RAMP, 80, 4),
    ("attack_time_ms", sine(1000), 0, 1),
    ("decay_time_ms", BELL, 1000 * 20 / 120, 8),
    ("long_decay_time_ms", BELL, 1000 * 40 / 120, 8),
    ("decay_rate_db_per_s", BELL, -120, 2),
    ("temporal_centroid_s", sine(1000), 0.5, 0.002),
    ("temporal_spread_s", sine(1000), 1 / np.sqrt(12), 0.002),
    ("sounding_time_s", SQUARE_OFF, 0.3, 0.008),
    ("sounding_time_s", BELL, 30 / 120, 0.008),
    ("pre_onset_energy_db", LATE, 10 * np.log10(0.001**2 / 0.5), 0.3),
    ("pre_onset_energy_db", TONE, -120, 0.1),
    ("tail_level_db", STEPPED, -40, 0.3),
    ("tail_level_db", SQUARE_OFF, -120, 0.1),
    ("early_energy_share", sine(1000), 0.05, 0.001),
    ("early_energy_share", BELL, 1 - 10 ** (-120 * 0.05 / 10), 0.01),
    ("envelope_flatness", sine(1000), 1.0, 0.01),
    ("envelope_flatness", SQUARE_OFF, 0.3, 0.01),
    ("bursts", BURSTS, 4, 0),
    ("bursts", sine(1000), 1, 0),
    *(
        (f"modulation_{middle}_hz_db", tremor(frequency), 10 * np.log10(0.5**2 / 2), tolerance)
        for middle, frequency, tolerance in (
            (1, 1, 0.1),
            (3, 3, 0.1),
            (6, 5, 0.1),
            (12, 11, 0.1),
            (24, 23, 0.3),
            (48, 41, 0.9),
        )
    ),
    ("modulation_6_hz_db", tremor(11), -60, 20),
    ("centroid_hz", TONE, 1000, 1),
    ("centroid_hz", two_sines(1000, 3000), 2000, 5),
    ("centroid_hz", WHITE, RATE / 4, 60),
    ("spread_hz", two_sines(1000, 3000), 1000, 10),
    ("spread_hz", WHITE, RATE / 2 / np.sqrt(12), 60),
    ("skewness", WHITE, 0.0, 0.03),
    ("skewness", 0.9 * sine(1000) + 0.3 * sine(5000), (1 - 2 * 0.1) / np.sqrt(0.1 * 0.9), 0.05),
    ("kurtosis", WHITE, 1.8, 0.03),
    ("kurtosis", two_sines(1000, 3000), 1.0, 0.05),
    ("flatness", WHITE, 1.0, 0.02),
    ("flatness", TONE, 0.0, 0.01),
    ("entropy", WHITE, 1.0, 0.01),
    ("entropy", TONE, 0.15, 0.05),
    ("spectral_crest_db", WHITE, 0.7, 0.7),
    ("spectral_crest_db", sine(50 * RATE / 2048), 10 * np.log10(1025 * 2 / 3), 0.3),
    ("strongest_hz", two_sines(1000, 3000) + 0.3 * sine(3000, duration_s=2), 3000, 3),
    ("median_hz", WHITE, RATE / 4, 100),
    ("rolloff_hz", WHITE, 0.85 * RATE / 2, 100),
    ("rolloff_95_hz", WHITE, 0.95 * RATE / 2, 100),
    ("rolloff_hz", TONE, 1000, 25),
    ("tilt_db_per_octave", WHITE, 0.0, 0.2),
    ("tilt_db_per_octave", pink(), -3.01, 0.2),
    *(
        (name, two_sines(frequency, 1500 if name != "mid_band_db" else 300), -3.01, 0.2)
        for name, frequency in (
            ("sub_band_db", 35),
            ("low_band_db", 130),
            ("low_mid_band_db", 500),
            ("mid_band_db", 2000),
            ("high_mid_band_db", 6000),
            ("high_band_db", 11_000),
            ("air_band_db", 16_000),
        )
    ),
    ("high_band_db", WHITE, 10 * np.log10((RATE / 2 - 8000) / (RATE / 2)), 0.05),
    ("air_band_db", TONE, -75, 6),
    *((f"mel_{band:02d}_db", sine(mel_edges_hz()[band]), 0.0, 0.8) for band in range(1, MEL_BANDS + 1)),
    *((f"cepstrum_{order:02d}", WHITE, 0.0, 0.8) for order in range(1, CEPSTRA + 1)),
    ("flux", TONE, 0.0, 0.01),
    ("flux", WHITE, 1 - np.pi / 4, 0.02),
    ("attack_centroid_hz", TWO_TONES, 2000, 40),
    ("late_centroid_hz", TWO_TONES, 500, 25),
    ("centroid_drift_octaves", TWO_TONES, -2.0, 0.1),
    ("centroid_deviation_octaves", TONE, 0.0, 0.02),
    ("centroid_deviation_octaves", np.concatenate([sine(500), sine(2000)]), 1.0, 0.03),
    ("attack_high_band_db", BRIGHT_THEN_DARK, 0.0, 0.1),
    ("late_high_band_db", BRIGHT_THEN_DARK, -75, 6),
    ("pitch_hz", np.sign(sine(110)), 110, 0.5),
    ("pitch_hz", np.zeros(RATE), 0.0, 0.0),
    ("pitch_strength", sine(220), 1.0, 0.03),
    ("pitch_strength", WHITE, 0.0, 0.2),
    ("pitch_glide_semitones", GLIDE, -11, 0.5),
    ("pitch_glide_semitones", sine(300), 0.0, 0.05),
    ("fundamental_level_db", sine(220), 0.0, 0.1),
    ("fundamental_level_db", 0.3 * sine(500) + 0.3 * sine(1000) + 0.3 * sine(1500), 10 * np.log10(1 / 3), 0.2),
    ("stereo_width", np.stack([TONE, TONE]), 0.0, 1e-6),
    ("stereo_width", np.stack([TONE, -TONE]), 1.0, 1e-6),
    ("stereo_width", STEREO_NOISE, 0.5, 0.02),
    ("stereo_width", noise(channels=4, duration_s=4), 0.75, 0.02),
    ("low_stereo_width", LOW_WIDE, 0.5, 0.1),
    ("high_stereo_width", LOW_WIDE, 0.0, 0.01),
    ("channel_correlation", STEREO_NOISE, 0.0, 0.02),
    ("channel_correlation", np.stack([TONE, -0.1 * TONE]), -1.0, 1e-5),
    ("channel_correlation", TONE, 1.0, 0.0),
    ("balance_db", np.stack([TONE, 0.5 * TONE]), -6.02, 0.01),
    ("balance_db", np.stack([0 * TONE, TONE]), 60.0, 0.01),
]


@pytest.mark.parametrize(
    ("name", "sound", "truth", "tolerance"), TRUTH, ids=[f"{row[0]}-{i}" for i, row in enumerate(TRUTH)]
)
def test_truth(name, sound, truth, tolerance):
    assert describe(sound, RATE)[name] == pytest.approx(truth, abs=tolerance + 1e-6)


def test_every_descriptor_has_a_truth():
    assert {row[0] for row in TRUTH} == set(NAMES)


def test_table():
    assert 60 <= len(DESCRIPTORS) <= 100
    assert len(set(NAMES)) == len(NAMES)
    for descriptor in DESCRIPTORS:
        assert descriptor.help
        assert descriptor.name == descriptor.name.lower()
        for unit, ending in (("hz", "_hz"), ("db", "_db"), ("s", "_s"), ("ms", "_ms"), ("lufs", "_lufs")):
            if descriptor.unit == unit and not descriptor.name.startswith("cepstrum"):
                assert descriptor.name.endswith(ending)


FOUR = {
    "kick": decaying(
        np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE + 8 * np.exp(-np.arange(RATE) / 800)), decay_db_per_s=90
    ),
    "snare": decaying(np.stack([sine(190), sine(191)]) + noise(channels=2), decay_db_per_s=150),
    "tone": TONE,
    "late": np.stack([LATE, 0.3 * LATE]),
}


@pytest.mark.parametrize("sound", FOUR)
@pytest.mark.parametrize("gain", [1e-3, 0.25, 8.0, -1.0])
def test_only_those_that_say_so_follow_gain(sound, gain):
    before, after = descriptors(FOUR[sound], RATE), descriptors(gain * FOUR[sound], RATE)
    for descriptor, here, there in zip(DESCRIPTORS, before, after, strict=True):
        if not descriptor.follows_gain:
            assert there == pytest.approx(here, rel=2e-3, abs=2e-3), descriptor.name


def test_levels_follow_gain():
    quiet, loud = describe(0.1 * FOUR["snare"], RATE), describe(0.2 * FOUR["snare"], RATE)
    for name in ("loudness_lufs", "loudest_moment_lufs", "peak_db", "rms_db"):
        assert loud[name] - quiet[name] == pytest.approx(6.02, abs=0.01)


def test_a_copied_channel_changes_only_loudness():
    """Two equal channels are the mono sound, 3 LU louder."""
    mono, both = describe(BELL, RATE), describe(np.stack([BELL, BELL]), RATE)
    for name in NAMES:
        expected = mono[name] + (3.01 if name.endswith("_lufs") else 0)
        assert both[name] == pytest.approx(expected, rel=1e-3, abs=0.01), name


def test_swapped_channels_change_only_balance():
    here, there = describe(FOUR["snare"], RATE), describe(FOUR["snare"][::-1], RATE)
    for name in NAMES:
        if name not in ("balance_db", "dc_offset"):
            assert there[name] == pytest.approx(here[name], rel=1e-3, abs=1e-3), name


def test_an_offset_leaves_the_spectrum_alone():
    plain, offset = describe(TONE, RATE), describe(TONE + 0.2, RATE)
    for name in ("centroid_hz", "spread_hz", "rolloff_hz", "low_band_db", "pitch_hz", "mel_05_db", "cepstrum_01"):
        assert offset[name] == pytest.approx(plain[name], rel=0.01, abs=0.5), name
    constant = describe(np.full(RATE, 0.5), RATE)
    assert constant["dc_offset"] == pytest.approx(0.5)
    assert constant["centroid_hz"] == 0.0
    assert constant["pitch_hz"] == 0.0


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000, 192_000])
def test_the_rate_hardly_matters(rate):
    """The same bell at another rate is described alike, where both can hold it."""
    here = describe(decaying(sine(1000, rate=rate), decay_db_per_s=120, rate=rate), rate)
    there = describe(BELL, RATE)
    for name in ("duration_s", "temporal_centroid_s", "early_energy_share", "pitch_strength"):
        assert here[name] == pytest.approx(there[name], abs=0.02), name
    for name in ("rms_db", "crest_db"):
        assert here[name] == pytest.approx(there[name], abs=0.15), name
    for name in ("decay_time_ms", "centroid_hz", "strongest_hz", "pitch_hz", "median_hz"):
        assert here[name] == pytest.approx(there[name], rel=0.03), name
    assert here["loudness_lufs"] == pytest.approx(there["loudness_lufs"], abs=0.25)


def test_a_single_step_at_the_end_has_no_pitch() -> None:
    step = np.zeros((1, 130), np.float32)
    step[0, -1] = 1e-20
    assert np.isfinite(descriptors(step, 44_100)).all()


@settings(max_examples=60, deadline=None)
@given(
    channels=st.integers(1, 7),
    frames=st.one_of(st.integers(0, 40), st.integers(41, 5000)),
    rate=st.sampled_from([8_000, 44_100, 48_000, 192_000]),
    level=st.sampled_from([0.0, 1e-38, 1e-20, 1e-4, 1.0, 1e6, 1e30]),
    kind=st.sampled_from(["noise", "click", "constant", "end"]),
    seed=st.integers(0, 3),
)
def test_always_finite(channels, frames, rate, level, kind, seed):
    x = np.zeros((channels, frames))
    if kind == "noise":
        x = np.random.default_rng(seed).standard_normal((channels, frames))
    elif kind == "constant":
        x += 1
    elif frames:
        x[0, 0 if kind == "click" else -1] = 1
    vector = descriptors((level * x).astype(np.float32), rate)
    assert vector.shape == (len(DESCRIPTORS),)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    for descriptor, value in zip(DESCRIPTORS, vector, strict=True):
        if descriptor.unit == "share":
            assert -1e-6 <= value <= 1 + 1e-6, descriptor.name


@pytest.mark.parametrize("shape", [(0,), (2, 0), (1,), (2, 10), (44_100,)])
def test_silence_has_the_silent_values(shape):
    vector = descriptors(np.zeros(shape), RATE)
    for descriptor, value in zip(DESCRIPTORS, vector, strict=True):
        expected = shape[-1] / RATE if descriptor.name == "duration_s" else descriptor.silent
        assert value == pytest.approx(expected), descriptor.name


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_a_number_is_refused(bad):
    x = np.zeros((2, 100))
    x[1, 50] = bad
    with pytest.raises(UnusableSound, match=r"not numbers .*Way out: render it again"):
        descriptors(x, RATE)


def test_same_sound_same_vector():
    np.testing.assert_array_equal(descriptors(FOUR["snare"], RATE), descriptors(FOUR["snare"].copy(), RATE))


def test_input_is_left_alone():
    x = FOUR["snare"].astype(np.float32)
    x.setflags(write=False)
    descriptors(x, RATE)


def test_unknown_name_lists_near_ones():
    assert DESCRIPTORS[descriptor_index("centroid_hz")].unit == "hz"
    with pytest.raises(UnknownName, match="near: centroid_hz"):
        descriptor_index("centroid")


def test_centroid_and_rolloff_agree_with_librosa():
    ours, theirs = describe(BAND, RATE), peer_figures("spectrum", BAND)
    assert ours["centroid_hz"] == pytest.approx(theirs["centroid_hz"], rel=0.01)
    assert ours["spread_hz"] == pytest.approx(theirs["bandwidth_hz"], rel=0.01)
    assert ours["rolloff_hz"] == pytest.approx(theirs["rolloff_hz"], rel=0.01)
    assert ours["flatness"] == pytest.approx(theirs["flatness"], rel=0.05, abs=1e-6)
