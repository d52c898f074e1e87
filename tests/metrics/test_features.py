from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal
from tests.metrics.sounds import RATE_HZ, mixed_set, noise_hit, tone_hit

from woodshed.base.errors import UsageError
from woodshed.metrics import SPACES, FeatureSpace, SoundSet, frechet_distance, kernel_distance, raw_features, respeeded
from woodshed.metrics.features import compressed
from woodshed.sound import Sound

REAL = mixed_set(80)
JUDGED = mixed_set(40, seed=1)


def low_passed(sound: Sound, cutoff_hz: float) -> Sound:
    sections = signal.butter(4, cutoff_hz, fs=RATE_HZ, output="sos")
    return Sound(signal.sosfilt(sections, sound.data), RATE_HZ)


def hissing(sound: Sound, level_db: float) -> Sound:
    noise = np.random.default_rng(sound.frames).normal(size=sound.data.shape)
    return Sound(sound.data + sound.peak * 10 ** (level_db / 20) * noise, RATE_HZ)


def smeared(sound: Sound, rise_s: float) -> Sound:
    return Sound(sound.data * np.minimum(1, np.arange(sound.frames) / (rise_s * RATE_HZ)) ** 2, RATE_HZ)


DEGRADATIONS: dict[str, tuple[Callable[[Sound, float], Sound], tuple[float, ...]]] = {
    "low-pass": (low_passed, (8000, 4000, 1500)),
    "hiss": (hissing, (-45, -35, -25)),
    "clip": (
        lambda sound, share: Sound(np.clip(sound.data, -share * sound.peak, share * sound.peak), RATE_HZ),
        (0.5, 0.25, 0.08),
    ),
    "smeared attack": (smeared, (0.02, 0.05, 0.12)),
    "pitch": (lambda sound, cents: respeeded(sound, cents=cents), (300, 700, 1400)),
    "cut tail": (lambda sound, share: sound.section(0, round(share * sound.frames)), (0.4, 0.2, 0.08)),
}


@pytest.fixture(scope="module", params=sorted(SPACES))
def space(request: pytest.FixtureRequest) -> tuple[str, FeatureSpace, np.ndarray]:
    raw = raw_features(REAL.alike(duration_s=0.3).sounds, space=request.param)
    fitted = FeatureSpace.of(raw)
    return request.param, fitted, fitted.placed(raw)


@pytest.mark.parametrize("name", sorted(DEGRADATIONS))
def test_worse_is_further(space: tuple[str, FeatureSpace, np.ndarray], name: str) -> None:
    kind, fitted, reference = space
    degrade, amounts = DEGRADATIONS[name]
    distances = []
    for amount in amounts:
        worse = SoundSet(tuple(degrade(sound, amount) for sound in JUDGED.sounds)).alike(duration_s=0.3)
        distances.append(frechet_distance(fitted.placed(raw_features(worse.sounds, space=kind)), reference))
    assert distances == sorted(distances)
    assert distances[-1] > 2 * distances[0]


def test_real_against_real_is_near_and_classes_are_apart(space: tuple[str, FeatureSpace, np.ndarray]) -> None:
    kind, fitted, reference = space
    placed = fitted.placed(raw_features(JUDGED.alike(duration_s=0.3).sounds, space=kind))
    assert kernel_distance(placed, reference, bootstraps=0).p_value > 0.01
    distances = np.linalg.norm(placed[:, None] - reference[None], axis=-1)
    nearest = np.asarray(REAL.class_names)[distances.argmin(axis=1)]
    assert (nearest == np.asarray(JUDGED.class_names)).mean() > 0.95


@pytest.mark.parametrize("kind", sorted(SPACES))
@pytest.mark.parametrize(
    "odd",
    [np.zeros((2, 0)), np.zeros((1, 9)), np.ones((1, 1)), np.zeros((1, 5000))],
    ids=["empty", "tiny", "one", "silent"],
)
def test_odd_sounds_have_finite_features(kind: str, odd: np.ndarray) -> None:
    vector = SPACES[kind](Sound(odd, RATE_HZ))
    assert vector.shape == SPACES[kind](tone_hit(0)).shape
    assert np.isfinite(vector).all()


def test_features_do_not_depend_on_company() -> None:
    alone = raw_features([noise_hit(1)], space="spectral")
    together = raw_features([tone_hit(0), noise_hit(1)], space="spectral")
    assert np.array_equal(alone[0], together[1])


def test_spectral_features_hardly_know_the_rate() -> None:
    plain, other = (SPACES["spectral"](sound) for sound in (tone_hit(2), tone_hit(2).resampled(48000)))
    assert np.abs(plain - other)[:360].mean() < 0.2  # in units of 10 dB


def test_times_and_frequencies_are_compared_in_octaves() -> None:
    low, high = (SPACES["descriptors"](respeeded(noise_hit(4), cents=cents)) for cents in (0, 1200))
    assert np.isfinite(compressed(low)).all()
    assert (high - low)[0] == pytest.approx(-1, abs=0.01)  # duration_s, one octave shorter


def test_a_constant_feature_says_nothing() -> None:
    raw = np.random.default_rng(0).normal(size=(20, 5))
    raw[:, 2] = 7.0
    space = FeatureSpace.of(raw, dims=4)
    moved = raw.copy()
    moved[:, 2] = 99.0
    assert np.allclose(space.placed(raw), space.placed(moved))


def test_too_few_sounds_set_no_scale() -> None:
    with pytest.raises(UsageError, match="3 sounds are too few"):
        FeatureSpace.of(np.zeros((3, 10)))
