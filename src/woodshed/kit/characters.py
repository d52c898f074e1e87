"""The character of a kit: one room, one desk, one sampler that all its sounds went through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import signal

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Wave
from woodshed.kit.shaping import RENDER_RATE_HZ, bandpass, frames_of, highpass, lowpass, saturated, tilted

KitFlavour = Literal["electronic", "acoustic", "mixed"]


@dataclass(frozen=True)
class Character:
    """What the sounds of one kit have in common.

    Parameters
    ----------
    flavour
        Which recipes the kit prefers.
    stereo
        Whether the room was recorded with two microphones; False gives mono files.
    room_s
        Time in which the room falls by 20 dB.
    room_db
        Level of the room under the dry sound.
    room_top_hz
        Above this the room swallows sound.
    tilt_db
        Balance of highs against lows.
    drive
        How hot the desk was, 0 to about 0.6.
    lid_hz
        Band limit of the sampler.
    hiss_db
        Level of the noise that microphones and desk add while the sound lasts.
    room_seed
        Which room it is.
    """

    flavour: KitFlavour
    stereo: bool
    room_s: float
    room_db: float
    room_top_hz: float
    tilt_db: float
    drive: float
    lid_hz: float
    hiss_db: float
    room_seed: int

    def record(self) -> dict[str, float]:
        """The numbers of the character, for the record of a sound."""
        return {
            "stereo": float(self.stereo),
            "room_s": self.room_s,
            "room_db": self.room_db,
            "room_top_hz": self.room_top_hz,
            "tilt_db": self.tilt_db,
            "drive": self.drive,
            "lid_hz": self.lid_hz,
            "hiss_db": self.hiss_db,
        }


def draw_character(*, seed: int, flavour: KitFlavour | None = None) -> Character:
    """Draw the character of a kit; without a flavour, that is drawn too.

    Examples
    --------
    >>> draw_character(seed=1) == draw_character(seed=1)
    True
    """
    rng = np.random.default_rng(derive_seed(seed, "character"))
    drawn: KitFlavour = ("electronic", "acoustic", "mixed")[rng.integers(3)]
    chosen = flavour or drawn
    wet = chosen != "electronic"
    dull = rng.random() < 0.25
    return Character(
        flavour=chosen,
        stereo=bool(rng.random() < 0.75),
        room_s=float(np.exp(rng.uniform(np.log(0.08), np.log(0.28 if wet else 0.2)))),
        room_db=float(rng.uniform(-23, -9) if wet else rng.uniform(-36, -17)),
        room_top_hz=float(np.exp(rng.uniform(np.log(3000), np.log(9000)))),
        tilt_db=float(rng.uniform(-4, 4)),
        drive=float(rng.uniform(0.0, 0.45)),
        lid_hz=float(rng.uniform(9000, 14000) if dull else rng.uniform(16000, 21000)),
        hiss_db=float(rng.uniform(-80, -62) if wet else rng.uniform(-90, -70)),
        room_seed=derive_seed(seed, "room"),
    )


def in_character(wave: Wave, character: Character) -> Wave:
    """Play a dry wave in the room of a character and record it through its desk.

    Parameters
    ----------
    wave
        Shape ``(frames,)`` or ``(2, frames)``.
    character
        The room and the desk.

    Returns
    -------
    Wave
        Shape ``(channels, frames + tail)``; one channel for a mono kit, else two.
    """
    dry = np.stack([wave, wave]) if wave.ndim == 1 else wave
    if not character.stereo:
        dry = dry.mean(axis=0, keepdims=True)
    response = room_response(character.room_seed, room_s=character.room_s, top_hz=character.room_top_hz)[: len(dry)]
    tail = signal.oaconvolve(dry, response, axes=-1)
    heard = np.pad(dry, ((0, 0), (0, response.shape[-1] - 1)))
    heard = heard + 10 ** (character.room_db / 20) * tail
    heard = saturated(tilted(heard, character.tilt_db), character.drive)
    return highpass(lowpass(_narrow_lows(heard), character.lid_hz, order=3), 18.0)


def _narrow_lows(wave: Wave) -> Wave:
    """Take what differs between the sides out of the lows, as one does before cutting a record."""
    if len(wave) == 1:
        return wave
    middle, side = wave.mean(axis=0), highpass(0.5 * (wave[0] - wave[1]), 350.0)
    return np.stack([middle + side, middle - side])


@lru_cache(maxsize=64)
def room_response(seed: int, *, room_s: float, top_hz: float) -> Wave:
    """A small room: a dozen early reflections, then a tail that darkens.

    Returns
    -------
    Wave
        Shape ``(2, frames)``; each side has unit energy.
    """
    rng = np.random.default_rng(derive_seed(seed, "response"))
    response = np.zeros((2, frames_of(2.2 * room_s + 0.03)))
    time = np.arange(response.shape[-1]) / RENDER_RATE_HZ
    for side in response:
        moments_s = np.sort(rng.uniform(0.0015, 0.028, 14))
        frames = (moments_s * RENDER_RATE_HZ).astype(int)
        np.add.at(side, frames, rng.choice([-1, 1], 14) * rng.uniform(0.4, 1.0, 14) * 10 ** (-moments_s / room_s))
    tail = rng.standard_normal(response.shape) * 10 ** (-time / room_s) * np.minimum(time / 0.012, 1.0)
    response = bandpass(response + 0.16 * tail, 70, top_hz, order=1)
    return response / np.sqrt(np.sum(response**2, axis=-1, keepdims=True))
