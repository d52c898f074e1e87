"""Every recipe: what must hold of any hit, whatever was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import UnknownName
from woodshed.dsp import first_onset_s
from woodshed.kit import KIT_CLASSES, draw_character, make_hit, recipe_names
from woodshed.kit.recipes import RECIPES

ALL_RECIPES = [(name, recipe) for name, recipes in recipe_names().items() for recipe in recipes]


def test_the_classes_are_those_of_a_sample_library() -> None:
    words = "kick snare hat-closed hat-open clap rim tom cymbal shaker cowbell perc bass pluck pad"
    assert words.split() == list(KIT_CLASSES)
    assert all(len(recipes) >= 3 for recipes in recipe_names().values())


@pytest.mark.parametrize(("name", "recipe"), ALL_RECIPES)
def test_hygiene(name: str, recipe: str) -> None:
    sound = make_hit(name, recipe=recipe, seed=1).sound
    wave = sound.data.astype(np.float64)
    peak = np.max(np.abs(wave))
    assert np.isfinite(wave).all()
    assert 0.2 < peak < 0.9
    assert np.max(np.abs(wave.mean(axis=1))) < 3e-3 * peak
    assert 0.04 < sound.duration_s < 4.2
    assert np.max(np.abs(wave[:, -4:])) < 1e-4 * peak, "the tail is cut off"


@pytest.mark.parametrize("name", [name for name in KIT_CLASSES if name not in ("pad", "shaker")])
def test_sound_begins_within_a_millisecond(name: str) -> None:
    for seed in range(2):
        wave = make_hit(name, seed=seed).sound.data
        heard = np.max(np.abs(wave), axis=0) > 10 ** (-46 / 20) * np.max(np.abs(wave))
        assert np.argmax(heard) <= 44


def test_the_onset_finder_agrees() -> None:
    for name in ("kick", "snare", "hat-closed", "rim", "cowbell"):
        assert first_onset_s(make_hit(name, seed=4).sound.data, 44100) < 0.004


@pytest.mark.parametrize("name", KIT_CLASSES)
def test_every_end_of_every_range_can_be_played(name: str) -> None:
    for recipe in RECIPES[name]:
        for amount in (0.0, 1.0):
            drawn = {key: span.at(amount) for key, span in recipe.spans.items()}
            wave = recipe.render(drawn, 5)
            assert np.isfinite(wave).all()
            assert np.max(np.abs(wave)) > 0.01


def test_same_seed_same_sound_other_seed_other_sound() -> None:
    for name in KIT_CLASSES:
        first, again, other = (make_hit(name, seed=seed) for seed in (11, 11, 12))
        assert first.sound.content_id == again.sound.content_id
        assert first.parameters == again.parameters
        assert first.sound.content_id != other.sound.content_id


@pytest.mark.parametrize("name", ["kick", "hat-closed", "clap", "bass"])
def test_both_rates_give_the_same_sound(name: str) -> None:
    low, high = (make_hit(name, seed=3, sample_rate_hz=rate) for rate in (44100, 48000))
    assert low.parameters == high.parameters
    assert high.sound.sample_rate_hz == 48000
    assert abs(low.sound.duration_s - high.sound.duration_s) < 1e-3
    back = high.sound.resampled(44100)
    frames = min(low.sound.frames, back.frames)
    errors = np.fft.rfft(low.sound.data[:, :frames] - back.data[:, :frames])
    truth = np.fft.rfft(low.sound.data[:, :frames])
    heard = np.fft.rfftfreq(frames, 1 / 44100) < 18000
    assert np.sum(np.abs(errors[:, heard]) ** 2) < 1e-6 * np.sum(np.abs(truth[:, heard]) ** 2)


def test_relatives_are_nearer_than_strangers() -> None:
    home = [make_hit("snare", seed=seed, home_seed=9, spread=0.1, recipe="Maple").parameters for seed in range(6)]
    away = [make_hit("snare", seed=seed, recipe="Maple").parameters for seed in range(6)]

    def scatter(records: list[dict[str, float]]) -> float:
        return float(np.std(np.log([record["pitch_hz"] for record in records])))

    assert scatter(home) < 0.5 * scatter(away)


def test_a_mono_room_gives_mono_and_flavour_chooses_recipes() -> None:
    characters = [draw_character(seed=seed, flavour="acoustic") for seed in range(20)]
    mono = next(character for character in characters if not character.stereo)
    assert make_hit("clap", seed=1, character=mono).sound.channels == 1
    chosen = {make_hit("kick", seed=seed, character=mono).recipe for seed in range(8)}
    assert "Skin" in chosen


def test_notes_have_the_pitch_they_say() -> None:
    for seed in range(4):
        hit = make_hit("pluck", recipe="Bell", seed=seed)
        assert hit.pitch_midi is not None
        wave = hit.sound.data.mean(axis=0)[2000:40000]
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 18))
        loudest_hz = np.argmax(spectrum) * 44100 / (1 << 18)
        wanted_hz = 440 * 2 ** ((hit.pitch_midi - 69) / 12)
        assert abs(12 * np.log2(loudest_hz / wanted_hz)) < 0.2


def test_unknown_names_list_what_is_near() -> None:
    with pytest.raises(UnknownName, match="kick"):
        make_hit("kik", seed=1)
    with pytest.raises(UnknownName, match="Skin"):
        make_hit("kick", recipe="Skn", seed=1)
