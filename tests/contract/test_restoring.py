"""What every model that restores promises: the lower part untouched, the same seed the same sound, any length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from tests.contract.sounds import CLASSES, RATE, examples, made_sound
from woodshed.base.errors import RateMismatch, UnknownName
from woodshed.roles import FAMILIES, DataSpec, Restores, Trainable, family_class
from woodshed.sound import Sound

CUTOFF_HZ = 5000.0
NAMES = sorted(name for name in FAMILIES if issubclass(family_class(name), Restores))


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> Trainable:
    kind = family_class(request.param)
    built = kind(kind.PRESETS["debug"], DataSpec(RATE, 2, CLASSES), seed=1)
    built.fit(examples(channels=2), seed=1)
    return built.eval()


def low_passed(*, channels: int = 1, seconds: float = 0.3) -> Sound:
    sound = made_sound(class_index=0, seed=3, channels=channels, seconds=seconds)
    sections = signal.cheby2(12, 90, CUTOFF_HZ, fs=RATE, output="sos")
    rise = np.minimum(1.0, np.arange(sound.frames) / (0.005 * RATE))  # a cut start would itself reach the top
    return Sound(signal.sosfiltfilt(sections, sound.data * rise), RATE)


def energy_db(data: np.ndarray, *, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(data.astype(np.float64))) ** 2
    hz = np.fft.rfftfreq(data.shape[-1], 1 / RATE)
    return float(10 * np.log10(power[..., (hz >= low_hz) & (hz < high_hz)].sum() + 1e-20))


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_new_top_over_an_untouched_lower_part(model: Trainable, drawn: bool, channels: int) -> None:
    assert isinstance(model, Restores)
    faulty = low_passed(channels=channels)
    made = model.restore_top(faulty, cutoff_hz=CUTOFF_HZ, seed=4, drawn=drawn).sound
    assert made.data.shape == faulty.data.shape
    assert np.isfinite(made.data).all()
    whole = energy_db(faulty.data, low_hz=0, high_hz=RATE)
    assert energy_db(made.data - faulty.data, low_hz=0, high_hz=0.95 * CUTOFF_HZ) < whole - 60
    top = {"low_hz": 1.1 * CUTOFF_HZ, "high_hz": 18000.0}
    assert energy_db(made.data, **top) > energy_db(faulty.data, **top) + 20
    again = model.restore_top(faulty, cutoff_hz=CUTOFF_HZ, seed=4, drawn=drawn).sound
    assert np.array_equal(made.data, again.data)
    other = model.restore_top(faulty, cutoff_hz=CUTOFF_HZ, seed=5, drawn=drawn).sound
    assert not np.array_equal(made.data, other.data)


@pytest.mark.parametrize("seconds", [0.002, 1.7])
def test_any_length(model: Trainable, seconds: float) -> None:
    assert isinstance(model, Restores)
    faulty = low_passed(seconds=0.4).section(0, round(seconds * RATE)) if seconds < 0.1 else low_passed(seconds=seconds)
    made = model.restore_top(faulty, cutoff_hz=CUTOFF_HZ, seed=0, drawn=True).sound
    assert made.frames == faulty.frames
    assert np.isfinite(made.data).all()


def test_nothing_is_missing_above_the_top(model: Trainable) -> None:
    assert isinstance(model, Restores)
    sound = low_passed()
    made = model.restore_top(sound, cutoff_hz=22000.0, seed=0).sound
    assert np.array_equal(made.data, sound.data)


def test_another_rate_and_an_unknown_class_are_refused(model: Trainable) -> None:
    assert isinstance(model, Restores)
    with pytest.raises(RateMismatch):
        model.restore_top(Sound(np.ones(400), 22050), cutoff_hz=CUTOFF_HZ, seed=0)
    with pytest.raises(UnknownName):
        model.restore_top(low_passed(), cutoff_hz=CUTOFF_HZ, seed=0, class_name="gong")
