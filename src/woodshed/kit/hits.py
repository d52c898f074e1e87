"""One hit of a class from a seed: draw, apply, record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.base.errors import UnknownName
from woodshed.base.seeds import derive_seed
from woodshed.kit.characters import Character, draw_character, in_character
from woodshed.kit.recipe import Recipe, Wave
from woodshed.kit.recipes import RECIPES
from woodshed.kit.shaping import RENDER_RATE_HZ, frames_of, levelled, lowpass
from woodshed.kit.tones import noise
from woodshed.sound.sound import Sound

KIT_CLASSES: tuple[str, ...] = tuple(RECIPES)
"""The classes the kit can make, named as in a sample library."""

FLOOR_DB = -66.0
"""A hit ends where it falls this far under its peak."""


@dataclass(frozen=True)
class KitHit:
    """A made sound and the record it was made from.

    Parameters
    ----------
    sound
        What is heard.
    class_name, recipe
        Class, and which recipe of the class.
    parameters
        The drawn record, by name with unit.
    onset_s
        Where the hit begins in the sound.
    pitch_midi
        Note of a pitched sound, else None.
    """

    sound: Sound
    class_name: str
    recipe: str
    parameters: dict[str, float]
    onset_s: float = 0.0
    pitch_midi: int | None = None


def make_hit(
    class_name: str,
    *,
    seed: int,
    sample_rate_hz: int = 44100,
    recipe: str | None = None,
    character: Character | None = None,
    home_seed: int | None = None,
    spread: float = 0.5,
) -> KitHit:
    """Make one hit.

    Parameters
    ----------
    class_name
        One of ``KIT_CLASSES``.
    seed
        The same seed gives the same hit, at every rate; no two seeds sound alike.
    sample_rate_hz
        Rate of the sound.
    recipe
        Name of one recipe of the class; drawn from the seed when left out.
    character
        Room and desk; drawn from the seed when left out.
    home_seed
        Seed of the instrument this hit belongs to: hits of one home are relatives.
    spread
        How far relatives differ, 0 to 1.

    Raises
    ------
    UnknownName
        If there is no such class or recipe.

    Examples
    --------
    >>> hit = make_hit("kick", seed=7)
    >>> hit.class_name, hit.sound.sample_rate_hz, hit.sound.peak < 1
    ('kick', 44100, True)
    """
    chosen = _recipe(class_name, recipe, seed=seed if home_seed is None else home_seed, character=character)
    room = character or draw_character(seed=seed, flavour=None if chosen.flavour == "any" else chosen.flavour)
    drawn = chosen.draw(seed=seed, home_seed=home_seed, spread=spread)
    level_db = float(np.random.default_rng(derive_seed(seed, "level")).uniform(-12.0, -1.0))
    wave = chosen.render(drawn, derive_seed(seed, "render"))
    heard = levelled(trimmed(in_character(wave, room)))
    heard = heard + hiss_under(heard, room, seed=derive_seed(seed, "hiss"))
    finished = levelled(heard, 10 ** (level_db / 20))
    sound = Sound(finished.astype(np.float32), RENDER_RATE_HZ).resampled(sample_rate_hz)
    note = drawn.get("note_midi")
    return KitHit(
        sound=sound,
        class_name=class_name,
        recipe=chosen.name,
        parameters={**drawn, **room.record(), "level_db": level_db},
        pitch_midi=None if note is None else int(note),
    )


def recipe_names() -> dict[str, tuple[str, ...]]:
    """The recipes of every class.

    Examples
    --------
    >>> recipe_names()["clap"]
    ('Burst', 'Wide', 'Hands', 'Duo')
    """
    return {class_name: tuple(recipe.name for recipe in recipes) for class_name, recipes in RECIPES.items()}


def _recipe(class_name: str, name: str | None, *, seed: int, character: Character | None) -> Recipe:
    if class_name not in RECIPES:
        raise UnknownName("class", class_name, known=RECIPES)
    recipes = RECIPES[class_name]
    if name is not None:
        for recipe in recipes:
            if recipe.name == name:
                return recipe
        raise UnknownName(f"{class_name} recipe", name, known=[recipe.name for recipe in recipes])
    weights = np.array([recipe.weight * _liking(recipe, character) for recipe in recipes])
    index = np.random.default_rng(derive_seed(seed, "recipe", class_name)).choice(
        len(recipes), p=weights / weights.sum()
    )
    return recipes[int(index)]


def _liking(recipe: Recipe, character: Character | None) -> float:
    """How gladly a kit of this character takes a recipe."""
    if character is None or character.flavour == "mixed" or recipe.flavour in ("any", character.flavour):
        return 1.0
    return 0.06


def trimmed(wave: Wave) -> Wave:
    """Start within a millisecond of the onset and end where the sound sinks under ``FLOOR_DB``, faded to nothing.

    Parameters
    ----------
    wave
        Shape ``(channels, frames)``.
    """
    loud = np.max(np.abs(wave), axis=0)
    peak = float(loud.max())
    start = int(np.argmax(loud > peak * 10 ** (-50 / 20)))
    wave = wave[:, max(0, start - 8) :]
    block = frames_of(0.004)
    loud = np.max(np.abs(wave), axis=0)
    blocks = loud[: len(loud) // block * block].reshape(-1, block).max(axis=1)
    above = np.flatnonzero(blocks > peak * 10 ** (FLOOR_DB / 20))
    stop = min(wave.shape[1], (int(above[-1]) + 2) * block if len(above) else wave.shape[1])
    wave = wave[:, :stop].copy()
    fade = max(frames_of(0.012), wave.shape[1] // 4)
    return _faded(wave, fade)


def _faded(wave: Wave, fade: int) -> Wave:
    wave[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    wave[:, :8] *= np.linspace(0, 1, 9)[1:]
    return wave


def hiss_under(wave: Wave, character: Character, *, seed: int) -> Wave:
    """The noise of microphones and desk for as long as a trimmed wave of full scale lasts, faded out with it."""
    frames = wave.shape[1]
    hiss = noise(frames / RENDER_RATE_HZ, seed=seed, channels=2)[: len(wave), :frames]
    hiss = lowpass(hiss, character.lid_hz) * 10 ** (character.hiss_db / 20)
    return _faded(hiss, max(frames_of(0.012), frames // 3))
