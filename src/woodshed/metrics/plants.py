"""Planted copies: training sounds changed a little, which a copy check worth its name must find again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from woodshed.base.seeds import derive_seed
from woodshed.metrics.sets import respeeded
from woodshed.sound import Sound

Change = Callable[[Sound, np.random.Generator], Sound]


def _as(sound: Sound, data: npt.NDArray[np.floating]) -> Sound:
    return Sound(data, sound.sample_rate_hz)


def _gain(sound: Sound, rng: np.random.Generator) -> Sound:
    return sound.scaled(float(rng.uniform(0.2, 0.8)))


def _polarity(sound: Sound, _: np.random.Generator) -> Sound:
    return sound.scaled(-1.0)


def _noise(sound: Sound, rng: np.random.Generator) -> Sound:
    """White noise 40 dB below the root mean square of the loudest 50 ms."""
    frames = max(1, sound.sample_rate_hz // 20)
    power = np.convolve(np.mean(sound.data.astype(np.float64) ** 2, axis=0), np.ones(frames) / frames, mode="valid")
    level = np.sqrt(power.max(initial=0.0)) * 10 ** (-40 / 20)
    return _as(sound, sound.data + level * rng.normal(size=sound.data.shape))


def _trim(sound: Sound, _: np.random.Generator) -> Sound:
    """The first 8 ms after the onset are gone."""
    level = np.max(np.abs(sound.data), axis=0)
    onset = int(np.argmax(level > 0.03 * level.max(initial=0.0)))
    return sound.section(onset + round(0.008 * sound.sample_rate_hz), sound.frames)


def _cut(sound: Sound, _: np.random.Generator) -> Sound:
    """Cut off where 90 % of the energy has passed, with a fade of 2 ms."""
    energy = np.cumsum(np.sum(sound.data.astype(np.float64) ** 2, axis=0))
    stop = int(np.searchsorted(energy, 0.9 * energy[-1])) + 1
    frames = min(stop, max(1, sound.sample_rate_hz // 500))
    data = sound.data[:, :stop].copy()
    data[:, -frames:] *= np.linspace(1, 0, frames, dtype=np.float32)
    return _as(sound, data)


def _fade(sound: Sound, _: np.random.Generator) -> Sound:
    """Faded out in a straight line over the first 180 ms after the onset."""
    level = np.max(np.abs(sound.data), axis=0)
    onset = int(np.argmax(level > 0.03 * level.max(initial=0.0)))
    time_s = (np.arange(sound.frames) - onset) / sound.sample_rate_hz
    return _as(sound, sound.data * np.clip(1 - time_s / 0.18, 0, 1))


def _everything(sound: Sound, rng: np.random.Generator) -> Sound:
    cents = float(rng.choice([-30.0, 30.0]))
    return _noise(_polarity(_fade(respeeded(_trim(sound, rng), cents=cents), rng), rng), rng)


SINGLE_CHANGES: Mapping[str, Change] = {
    "gain": _gain,
    "polarity": _polarity,
    "noise": _noise,
    "30 cents up": lambda sound, _: respeeded(sound, cents=30.0),
    "30 cents down": lambda sound, _: respeeded(sound, cents=-30.0),
    "start trimmed": _trim,
    "end cut": _cut,
    "faded": _fade,
}
"""One change each; a working check finds nearly all of each."""

ALL_AT_ONCE = "all at once"

CHANGES: Mapping[str, Change] = {**SINGLE_CHANGES, ALL_AT_ONCE: _everything}


def plant(sound: Sound, *, change: str, seed: int) -> Sound:
    """A copy of a sound with one of the named changes.

    Examples
    --------
    >>> import numpy as np
    >>> plant(Sound(np.ones(10), 44100), change="polarity", seed=0).data[0, 0]
    np.float32(-1.0)
    """
    return CHANGES[change](sound, np.random.default_rng(derive_seed(seed, "plant", change)))
