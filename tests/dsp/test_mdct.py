import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dsp.signals import noise, sine
from woodshed.base.errors import UsageError
from woodshed.dsp import imdct, imdst, mdct, mdct_hop_count, mdct_power, mdst

PAIRS = [(mdct, imdct), (mdst, imdst)]


def error_db(back, x):
    return 10 * np.log10(np.sum(np.square(back - x)) / max(np.sum(np.square(x)), 1e-30) + 1e-30)


def definition(hop_frames, wave):
    """The matrix of the transform, straight from its formula in float64."""
    n = np.arange(2 * hop_frames)
    k = np.arange(hop_frames)[:, np.newaxis]
    window = np.sin(np.pi * (n + 0.5) / (2 * hop_frames))
    return np.sqrt(2 / hop_frames) * window * wave(np.pi / hop_frames * (n + 0.5 + hop_frames / 2) * (k + 0.5))


@pytest.mark.parametrize(("forward", "wave"), [(mdct, np.cos), (mdst, np.sin)])
@pytest.mark.parametrize("hop_frames", [2, 8, 30, 128])
def test_is_its_definition(forward, wave, hop_frames):
    x = np.random.default_rng(0).standard_normal(2 * hop_frames)
    middle = forward(x.astype(np.float32), hop_frames=hop_frames)[1]
    np.testing.assert_allclose(middle, definition(hop_frames, wave) @ x, atol=1e-5)


@pytest.mark.parametrize(("forward", "inverse"), PAIRS)
@settings(max_examples=25, deadline=None)
@given(frames=st.integers(0, 2000), hop_frames=st.sampled_from([2, 10, 64, 256]))
def test_comes_back(forward, inverse, frames, hop_frames):
    x = np.random.default_rng(frames).standard_normal((2, frames)).astype(np.float32)
    coefficients = forward(x, hop_frames=hop_frames)
    assert coefficients.shape == (2, mdct_hop_count(frames, hop_frames=hop_frames), hop_frames)
    assert coefficients.dtype == np.float32
    back = inverse(coefficients, frames=frames)
    assert back.shape == x.shape
    assert error_db(back, x) < -120


@pytest.mark.parametrize(("forward", "inverse"), PAIRS)
@pytest.mark.parametrize("hops", [0, 1, 2, 3, 17])
def test_circular_comes_back_and_keeps_energy(forward, inverse, hops):
    x = np.random.default_rng(hops).standard_normal((2, hops * 64)).astype(np.float32)
    coefficients = forward(x, hop_frames=64, circular=True)
    assert coefficients.shape == (2, hops, 64)
    assert error_db(inverse(coefficients, frames=hops * 64, circular=True), x) < -120
    np.testing.assert_allclose(np.sum(coefficients**2), np.sum(x**2), rtol=1e-5)


@pytest.mark.parametrize("forward", [mdct, mdst])
def test_energy_is_kept(forward):
    x = noise(channels=2).astype(np.float32)
    np.testing.assert_allclose(
        np.sum(forward(x, hop_frames=256) ** 2, dtype=float), np.sum(x**2, dtype=float), rtol=1e-5
    )


def test_circular_turns_with_the_loop():
    x = np.random.default_rng(1).standard_normal(64 * 10).astype(np.float32)
    turned = mdct(np.roll(x, 64 * 3), hop_frames=64, circular=True)
    np.testing.assert_allclose(turned, np.roll(mdct(x, hop_frames=64, circular=True), 3, axis=0), atol=1e-6)


def test_changed_loop_has_no_seam():
    """After any change of coefficients the step over the seam is no larger than the steps inside."""
    frames = 64 * 32
    x = np.sin(2 * np.pi * 40 * np.arange(frames) / frames).astype(np.float32)
    coefficients = mdct(x, hop_frames=64, circular=True)
    coefficients[:, 20:] = 0
    coefficients[5] *= 0.5
    back = imdct(coefficients, frames=frames, circular=True)
    assert abs(back[0] - back[-1]) <= np.abs(np.diff(back)).max()


def test_linear_and_of_one_channel_at_a_time():
    x = noise(channels=2).astype(np.float32)
    both = mdct(x, hop_frames=128)
    np.testing.assert_array_equal(both[1], mdct(x[1], hop_frames=128))
    np.testing.assert_allclose(mdct(0.25 * x, hop_frames=128), 0.25 * both, atol=1e-7)


def test_power_of_a_steady_sine_does_not_flutter():
    power = mdct_power(sine(1000).astype(np.float32), hop_frames=256)[4:-4].sum(axis=-1)
    assert np.ptp(power) < 1e-3 * power.mean()
    np.testing.assert_allclose(power.mean(), 256 / 2, rtol=1e-3)


def test_impossible_sizes_are_named():
    with pytest.raises(UsageError, match="hop of 7 frames is not possible"):
        mdct(np.zeros(10, np.float32), hop_frames=7)
    with pytest.raises(UsageError, match="loop of 100 frames is not a whole number of hops of 64"):
        mdct(np.zeros(100, np.float32), hop_frames=64, circular=True)
    with pytest.raises(UsageError, match="do not belong to 1000 frames"):
        imdct(np.zeros((3, 64), np.float32), frames=1000)
