"""Planted copies: training sounds changed a little, which a copy check worth its name must find again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from woodshed.base.seeds import derive_seed
from woodshed.dsp import first_onset_s
from woodshed.metrics.references import cross
from woodshed.metrics.sets import respeeded
from woodshed.sound import Sound

Change = Callable[[Sound, np.random.Generator, Sound], Sound]
"""Changes a sound; the third is another sound of its class."""


def _as(sound: Sound, data: npt.NDArray[np.floating]) -> Sound:
    return Sound(data, sound.sample_rate_hz)


def _gain(sound: Sound, rng: np.random.Generator, _: Sound) -> Sound:
    return sound.scaled(float(rng.uniform(0.2, 0.8)))


def _polarity(sound: Sound, _rng: np.random.Generator, _: Sound) -> Sound:
    return sound.scaled(-1.0)


def _noise(sound: Sound, rng: np.random.Generator, _: Sound) -> Sound:
    """White noise 40 dB below the root mean square of the loudest 50 ms."""
    frames = max(1, sound.sample_rate_hz // 20)
    power = np.convolve(np.mean(sound.data.astype(np.float64) ** 2, axis=0), np.ones(frames) / frames, mode="valid")
    level = np.sqrt(power.max(initial=0.0)) * 10 ** (-40 / 20)
    return _as(sound, sound.data + level * rng.normal(size=sound.data.shape))


def _trim(sound: Sound, _rng: np.random.Generator, _: Sound) -> Sound:
    """The first 8 ms after the onset are gone."""
    level = np.max(np.abs(sound.data), axis=0)
    onset = int(np.argmax(level > 0.03 * level.max(initial=0.0)))
    return sound.section(onset + round(0.008 * sound.sample_rate_hz), sound.frames)


def _cut(sound: Sound, _rng: np.random.Generator, _: Sound) -> Sound:
    """Cut off where 90 % of the energy has passed, with a fade of 2 ms."""
    energy = np.cumsum(np.sum(sound.data.astype(np.float64) ** 2, axis=0))
    stop = int(np.searchsorted(energy, 0.9 * energy[-1])) + 1
    frames = min(stop, max(1, sound.sample_rate_hz // 500))
    data = sound.data[:, :stop].copy()
    data[:, -frames:] *= np.linspace(1, 0, frames, dtype=np.float32)
    return _as(sound, data)


def _fade(sound: Sound, _rng: np.random.Generator, _: Sound) -> Sound:
    """Faded out in a straight line over the first 180 ms after the onset."""
    level = np.max(np.abs(sound.data), axis=0)
    onset = int(np.argmax(level > 0.03 * level.max(initial=0.0)))
    time_s = (np.arange(sound.frames) - onset) / sound.sample_rate_hz
    return _as(sound, sound.data * np.clip(1 - time_s / 0.18, 0, 1))


def _swap(sound: Sound, _rng: np.random.Generator, _: Sound) -> Sound:
    return _as(sound, sound.data[::-1])


def _speed(sound: Sound, rng: np.random.Generator, _: Sound) -> Sound:
    return respeeded(sound, cents=float(rng.choice([-30.0, 30.0])))


def _crossed(sound: Sound, _rng: np.random.Generator, other: Sound) -> Sound:
    """The fine structure of the sound under the band envelope of the other, onset on onset."""
    return cross(_from_onset(other), _from_onset(sound))


def _from_onset(sound: Sound) -> Sound:
    if sound.peak < 1e-9:
        return sound
    onset_s = first_onset_s(sound.data, sound.sample_rate_hz)
    return sound.section(max(0, round((onset_s - 0.001) * sound.sample_rate_hz)), sound.frames)


_EVERYTHING: tuple[Change, ...] = (_trim, _speed, _cut, _fade, _gain, _polarity, _swap, _noise)


def _in_turn(*changes: Change) -> Change:
    def change(sound: Sound, rng: np.random.Generator, other: Sound) -> Sound:
        for one in changes:
            sound = one(sound, rng, other)
        return sound

    return change


SINGLE_CHANGES: Mapping[str, Change] = {
    "gain": _gain,
    "polarity": _polarity,
    "channels swapped": _swap,
    "noise": _noise,
    "30 cents up": lambda sound, _rng, _: respeeded(sound, cents=30.0),
    "30 cents down": lambda sound, _rng, _: respeeded(sound, cents=-30.0),
    "start trimmed": _trim,
    "end cut": _cut,
    "faded": _fade,
    "envelope crossed": _crossed,
}
"""One change each; a working check finds nearly all of each."""

ALL_AT_ONCE = "all at once"
"""Trimmed, re-pitched, cut, faded, with another gain, polarity, channel order and noise."""

ALL_AND_CROSSED = "all at once, crossed too"

CHANGES: Mapping[str, Change] = {
    **SINGLE_CHANGES,
    ALL_AT_ONCE: _in_turn(*_EVERYTHING),
    ALL_AND_CROSSED: _in_turn(_crossed, *_EVERYTHING),
}


def plant(sound: Sound, *, change: str, seed: int, envelope_of: Sound | None = None) -> Sound:
    """A copy of a sound with one of the named changes; a crossed one takes the band envelope of another sound.

    Examples
    --------
    >>> import numpy as np
    >>> plant(Sound(np.ones(10), 44100), change="polarity", seed=0).data[0, 0]
    np.float32(-1.0)
    """
    rng = np.random.default_rng(derive_seed(seed, "plant", change))
    return CHANGES[change](sound, rng, sound if envelope_of is None else envelope_of)
