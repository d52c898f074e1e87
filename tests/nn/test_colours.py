"""Colours: read off sounds whose spectrum is known, and brought about in others without touching how they run."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from woodshed.dsp import amplitude_envelope
from woodshed.nn import (
    COLOUR_NUMBERS,
    COLOUR_POINTS,
    Moments,
    PrincipalBasis,
    as_bright,
    colour_of,
    colour_points_hz,
    coloured,
    leaned_colour,
)

RATE = 44100
Floats = np.ndarray


def tinged(*, seed: int, tilt_db: float, seconds: float = 0.4, channels: int = 1, fall_s: float = 0.1) -> Floats:
    """Decaying noise with so many dB per octave more."""
    frames = round(seconds * RATE)
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=(channels, frames)))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(frames, 1 / RATE), 20.0) / 1000.0)
    noise = np.fft.irfft(spectrum * 10 ** (tilt_db * octaves / 20), frames)
    return noise / np.abs(noise).max() * np.exp(-np.arange(frames) / RATE / fall_s)


@pytest.fixture(scope="module")
def basis() -> PrincipalBasis:
    moments = Moments(COLOUR_POINTS)
    rng = np.random.default_rng(0)
    for seed in range(80):
        sound = tinged(seed=seed, tilt_db=rng.uniform(-9, 6))
        low, high = np.sort(rng.uniform(40, 12000, 2))
        band = sosfilt(butter(2, [low, high + 100], "bandpass", fs=RATE, output="sos"), sound)
        moments.add(colour_of(sound + rng.uniform(0, 3) * band, sample_rate_hz=RATE)[None])
    basis = PrincipalBasis(width=COLOUR_POINTS, dims=COLOUR_NUMBERS)
    basis.fit(moments)
    return basis


def tilt_of(points: torch.Tensor) -> float:
    """dB per octave between 500 Hz and 12 kHz."""
    hz = colour_points_hz()
    inside = (hz > 500) & (hz < 12000)
    return float(np.polyfit(np.log2(hz[inside]), 10 * points.numpy()[inside], 1)[0])


@pytest.mark.parametrize("tilt_db", [-6.0, 0.0, 4.0])
def test_a_colour_follows_a_known_tilt_whatever_the_level_and_rate(tilt_db: float) -> None:
    sound = tinged(seed=1, tilt_db=tilt_db, seconds=1.0, fall_s=10.0)
    points = colour_of(sound, sample_rate_hz=RATE)
    assert tilt_of(points) == pytest.approx(tilt_db + 3.0, abs=0.4)  # thirds of an octave widen by 3 dB an octave
    assert float((10.0**points).sum()) == pytest.approx(1.0, abs=1e-3)
    torch.testing.assert_close(colour_of(0.01 * sound, sample_rate_hz=RATE), points, atol=1e-4, rtol=0)
    slower = colour_of(sound, sample_rate_hz=RATE // 2)  # all an octave down
    assert tilt_of(slower) == pytest.approx(tilt_db + 3.0, abs=0.4)


def test_silence_has_the_least_colour_and_stays_silent(basis: PrincipalBasis) -> None:
    silence = np.zeros((2, 3000), dtype=np.float32)
    assert float(colour_of(silence, sample_rate_hz=RATE).max()) == -7.0
    assert not coloured(silence, basis=basis, numbers=torch.zeros(COLOUR_NUMBERS), sample_rate_hz=RATE).any()


@pytest.mark.parametrize(("tilt_db", "before_db"), [(-6.0, -3.0), (3.0, 0.0), (-2.0, 1.5)])
def test_a_sound_takes_on_the_colour_asked_for(basis: PrincipalBasis, tilt_db: float, before_db: float) -> None:
    wanted = colour_of(tinged(seed=300, tilt_db=tilt_db), sample_rate_hz=RATE)
    sound = tinged(seed=400, tilt_db=before_db, channels=2)
    new = coloured(sound, basis=basis, numbers=basis.squeeze(wanted), sample_rate_hz=RATE)
    before, after = (colour_of(one, sample_rate_hz=RATE) for one in (sound, new))
    inside = (colour_points_hz() > 60) & (colour_points_hz() < 15000)
    left = (after - wanted)[inside].abs().mean() / (before - wanted)[inside].abs().mean()
    assert float(left) < 0.4


def test_a_filtered_sound_begins_when_it_began_and_decays_as_it_did(basis: PrincipalBasis) -> None:
    sound = tinged(seed=5, tilt_db=0.0)
    late = np.concatenate([np.zeros((1, 2000)), sound], axis=1)
    numbers = basis.squeeze(colour_of(tinged(seed=6, tilt_db=-6.0), sample_rate_hz=RATE))
    new = coloured(late, basis=basis, numbers=numbers, sample_rate_hz=RATE)
    before = np.square(new[:, :1950]).sum() / np.square(new).sum()
    assert before < 1e-6, "nothing rings before its cause"
    decays = [amplitude_envelope(one[:, 2000:], RATE).decay_time_ms() for one in (late, new)]
    assert decays[1] == pytest.approx(decays[0], rel=0.1)


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_what_a_filter_adds_to_a_loud_end_does_not_come_back_at_the_beginning(basis: PrincipalBasis, rate: int) -> None:
    silent, sounding = round(0.02 * rate), round(0.08 * rate)
    bass = np.sin(2 * np.pi * 55 * np.arange(sounding) / rate)
    sound = np.concatenate([np.zeros(silent), bass])[None]  # cut at full level
    numbers = 3.0 * torch.randn(COLOUR_NUMBERS, generator=torch.Generator().manual_seed(1))
    new = coloured(sound, basis=basis, numbers=numbers, sample_rate_hz=rate)
    begun = np.abs(new[:, : silent - round(0.001 * rate)]).max() / np.abs(new).max()
    assert 20 * np.log10(begun + 1e-9) < -50


def test_its_own_colour_leaves_a_sound_as_it_is_for_any_length_and_both_channels(basis: PrincipalBasis) -> None:
    for frames in (1, 50, 2205, 8191, 30011):
        sound = tinged(seed=7, tilt_db=-3.0, seconds=1.0, channels=2)[:, :frames].astype(np.float32)
        own = basis.squeeze(colour_of(sound, sample_rate_hz=RATE))
        new = coloured(sound, basis=basis, numbers=own, sample_rate_hz=RATE)
        assert new.shape == sound.shape
        assert new.dtype == sound.dtype
        np.testing.assert_allclose(new, sound, atol=1e-5 * np.abs(sound).max())


@pytest.mark.parametrize("rate", [22050, RATE, 96000])
def test_a_filter_rings_no_longer_than_a_tenth_of_a_second(basis: PrincipalBasis, rate: int) -> None:
    click = np.zeros((1, rate))
    click[0, 0] = 1.0
    numbers = basis.squeeze(colour_of(click, sample_rate_hz=rate)) + torch.linspace(3.0, -3.0, COLOUR_NUMBERS)
    rung = coloured(click, basis=basis, numbers=numbers, sample_rate_hz=rate)
    assert np.abs(rung[:, rate // 10 + rate // 50 :]).max() < 1e-4 * np.abs(rung).max()
    assert np.abs(rung[:, rate // 1000 : rate // 10]).max() > 1e-4 * np.abs(rung).max(), "it rings"


def test_nothing_is_turned_by_more_than_12_db(basis: PrincipalBasis) -> None:
    sound = tinged(seed=8, tilt_db=0.0)
    far = 50.0 * torch.ones(COLOUR_NUMBERS)
    new = coloured(sound, basis=basis, numbers=far, sample_rate_hz=RATE)
    size = 1 << 16
    gain = np.abs(np.fft.rfft(new[0], size)) / np.maximum(np.abs(np.fft.rfft(sound[0], size)), 1e-6)
    assert 20 * np.log10(np.median(gain)) < 12.5
    assert np.isfinite(new).all()


def test_what_is_met_closely_is_turned_farther(basis: PrincipalBasis) -> None:
    dull, bright = (tinged(seed=seed, tilt_db=tilt_db) for seed, tilt_db in ((3, -9.0), (4, 6.0)))
    wanted = basis.squeeze(colour_of(bright, sample_rate_hz=RATE))

    def off(closely: bool) -> float:
        new = coloured(dull, basis=basis, numbers=wanted, sample_rate_hz=RATE, closely=closely)
        miss = (colour_of(new, sample_rate_hz=RATE) - basis.unsqueeze(wanted))[8:]  # beside each other, above 400 Hz
        return float((miss - miss.mean()).abs().mean())

    assert off(closely=True) < 0.75 * off(closely=False)


def test_where_lows_may_not_be_turned_enough_all_else_is_beside_them(basis: PrincipalBasis) -> None:
    dull, bright = (tinged(seed=seed, tilt_db=tilt_db) for seed, tilt_db in ((3, -3.0), (4, -1.0)))
    boomy = dull + 3.0 * sosfilt(butter(4, 250.0, fs=RATE, output="sos"), dull)
    numbers = basis.squeeze(colour_of(bright, sample_rate_hz=RATE))
    made = coloured(boomy, basis=basis, numbers=numbers, sample_rate_hz=RATE, closely=True)
    wanted, before, after = basis.unsqueeze(numbers), *(colour_of(one, sample_rate_hz=RATE) for one in (boomy, made))

    def lows_db(points: torch.Tensor) -> float:
        power = 10.0**points
        return 10.0 * float(torch.log10(power[:8].sum() / power[8:].sum()))

    assert lows_db(before) - lows_db(wanted) > 8.0
    assert abs(lows_db(after) - lows_db(wanted)) < 3.0


def test_as_bright_moves_nothing_below_its_highs() -> None:
    dull, like = torch.linspace(-0.5, -6, COLOUR_POINTS), torch.linspace(-2, -1, COLOUR_POINTS)
    new = as_bright(torch.stack([dull, like]), like)
    assert torch.allclose(new[1], like - torch.log10((10**like).sum()), atol=1e-3), "what is as bright stays"
    quiet = torch.full((COLOUR_POINTS,), -7.0)
    quiet[:4] = -0.6
    assert torch.allclose(as_bright(quiet, quiet), quiet, atol=5e-3), "what has no highs gets none"
    below = torch.from_numpy(colour_points_hz() < 4000)
    moved = (new[0] - dull)[below]
    assert float(moved.max() - moved.min()) < 1e-2, "but for its share of the whole"


def test_as_bright_in_few_numbers_is_as_bright_once_told_in_them() -> None:
    steps = torch.randn(60, COLOUR_POINTS, generator=torch.Generator().manual_seed(3))
    known = leaned_colour(steps.cumsum(1) * 0.3, torch.zeros(COLOUR_POINTS))
    moments = Moments(COLOUR_POINTS)
    moments.add(known)
    basis = PrincipalBasis(width=COLOUR_POINTS, dims=COLOUR_NUMBERS)
    basis.fit(moments)
    like, far = basis.nearest(known[0]), leaned_colour(known[1:20], 0.6 * known[1:20])
    high = torch.from_numpy(colour_points_hz() > 8000)

    def off(points: torch.Tensor) -> float:
        power = 10.0 ** torch.cat([points, like[None]])
        odds = torch.log10(power[:, high].sum(-1) / power[:, ~high].sum(-1))
        return float((odds[:-1] - odds[-1]).abs().max())

    lost, kept = (off(basis.nearest(as_bright(far, like, basis=one))) for one in (None, basis))
    assert kept < 0.25 * lost


def test_a_leaned_colour_is_a_colour() -> None:
    points = colour_of(tinged(seed=9, tilt_db=-2.0), sample_rate_hz=RATE)
    octaves = torch.from_numpy(np.log2(colour_points_hz() / 100.0)).float()
    leaned = leaned_colour(points, 0.3 * octaves)  # 3 dB per octave
    assert tilt_of(leaned) == pytest.approx(tilt_of(points) + 3.0, abs=0.2)
    assert float((10.0**leaned).sum()) == pytest.approx(1.0, abs=1e-3)


def test_a_colour_that_was_not_heard_of_a_sound_is_gentle_with_its_lows(basis: PrincipalBasis) -> None:
    sound = tinged(seed=3, tilt_db=-6.0)
    wanted = basis.squeeze(colour_of(tinged(seed=4, tilt_db=4.0), sample_rate_hz=RATE))
    before = colour_of(sound, sample_rate_hz=RATE)
    full, gentle = (
        colour_of(
            coloured(sound, basis=basis, numbers=wanted, sample_rate_hz=RATE, closely=closely), sample_rate_hz=RATE
        )
        - before
        for closely in (False, True)
    )
    low, high = slice(0, 7), slice(10, 22)
    assert float(full[low].mean() - full[high].mean()) < -1.0
    assert float((gentle[low] - gentle[low].mean()).abs().max()) < 0.35
    assert float(gentle[high].mean() - gentle[low].mean()) > 0.5
