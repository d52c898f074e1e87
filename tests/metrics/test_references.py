from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.sounds import mixed_set

from woodshed.base.errors import UsageError
from woodshed.metrics import REFERENCES, SoundSet, drawn_places, half_places, means_of_two
from woodshed.metrics.references import augmented_copies, coloured_noise, crossed, drawn_again

REAL = mixed_set(24)
LIKE = ("snare", "kick", "kick", "snare", "kick")


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_every_row_has_the_classes_asked_for_and_sound_in_it(name: str) -> None:
    made = REFERENCES[name](REAL, like=LIKE, seed=1)
    assert made.class_names == LIKE
    assert all(np.isfinite(sound.data).all() and sound.peak > 0.1 for sound in made.sounds)
    again = REFERENCES[name](REAL, like=LIKE, seed=1)
    assert all(np.array_equal(one.data, two.data) for one, two in zip(made.sounds, again.sounds, strict=True))
    other = REFERENCES[name](REAL, like=LIKE, seed=2)
    assert any(
        one.data.shape != two.data.shape or not np.array_equal(one.data, two.data)
        for one, two in zip(made.sounds, other.sounds, strict=True)
    )


def test_drawn_again_are_real_sounds() -> None:
    real = {sound.content_id for sound in REAL.sounds}
    assert all(sound.content_id in real for sound in drawn_again(REAL, like=LIKE, seed=0).sounds)


def test_augmented_copies_are_near_but_not_equal() -> None:
    made = augmented_copies(REAL, like=LIKE, seed=0)
    assert not any(sound.content_id in {real.content_id for real in REAL.sounds} for sound in made.sounds)
    assert all(0.8 < sound.frames / REAL.sounds[0].frames < 1.25 for sound in made.sounds)


def test_mean_of_two_is_the_mean_of_two() -> None:
    pair = REAL.taken([0, 2])
    made = means_of_two(pair, like=("kick",), seed=0).sounds[0]
    both = sum(sound.data / sound.peak for sound in pair.sounds)
    assert np.allclose(made.data, 0.9 * both / np.abs(both).max(), atol=1e-5)


def test_crossing_keeps_the_envelope_and_not_the_waveform() -> None:
    pair = REAL.taken([1, 3])
    made = crossed(pair, like=("snare",) * 4, seed=0)
    for sound in made.sounds:
        similar = [np.corrcoef(np.abs(sound.data[0]), np.abs(real.data[0]))[0, 1] for real in pair.sounds]
        assert max(similar) < 0.9
        smooth = [np.convolve(one.data[0] ** 2, np.ones(2000), mode="same") for one in (sound, *pair.sounds)]
        assert max(np.corrcoef(smooth[0], real)[0, 1] for real in smooth[1:]) > 0.95


def test_coloured_noise_resembles_no_sound() -> None:
    made = coloured_noise(REAL, like=("kick",), seed=0).sounds[0]
    frames = min(made.frames, REAL.sounds[0].frames)
    assert abs(np.corrcoef(made.data[0, :frames], REAL.sounds[0].data[0, :frames])[0, 1]) < 0.5


def test_a_class_without_sounds_is_named() -> None:
    with pytest.raises(UsageError, match="cowbell"):
        drawn_places(("kick",), like=("cowbell",), seed=0)


def test_halves_keep_groups_whole_and_lose_nothing() -> None:
    first, second = half_places(REAL.groups, seed=3)
    groups = np.asarray(REAL.groups)
    assert not set(groups[first]) & set(groups[second])
    assert sorted([*first, *second]) == list(range(len(REAL)))
    assert abs(len(first) - len(second)) <= 4


def test_a_single_sound_of_a_class_pairs_with_itself() -> None:
    lone = SoundSet(REAL.sounds[:1], ("kick",))
    assert np.isfinite(means_of_two(lone, like=("kick",), seed=0).sounds[0].data).all()
