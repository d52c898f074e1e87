"""Sets of sounds that are compared, and the cutting that makes two sets comparable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import RateMismatch, UsageError
from woodshed.dsp import first_onset_s
from woodshed.sound import Sound

_PEAK = 0.9
_FADE_S = 0.005
_TAIL_FLOOR_DB = -66.0


@dataclass(frozen=True)
class SoundSet:
    """Sounds of one rate with their class names, groups and names.

    Parameters
    ----------
    sounds
        The sounds; all of one sample rate.
    class_names
        One name per sound; "" where there is none. Empty: no sound has a class.
    groups
        What must not be torn apart (kit, instrument, song). Empty: every sound is a group of its own.
    names
        What a report calls each sound. Empty: its number.

    Raises
    ------
    UsageError
        If the lengths differ.
    RateMismatch
        If two sounds have different rates.
    """

    sounds: tuple[Sound, ...]
    class_names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.sounds)
        object.__setattr__(self, "class_names", tuple(self.class_names) or ("",) * count)
        object.__setattr__(self, "names", tuple(self.names) or tuple(f"sound {place}" for place in range(count)))
        object.__setattr__(self, "groups", tuple(self.groups) or tuple(f"sound {place}" for place in range(count)))
        if not len(self.class_names) == len(self.groups) == len(self.names) == count:
            raise UsageError(
                f"{count} sounds came with {len(self.class_names)} class names, {len(self.groups)} groups "
                f"and {len(self.names)} names",
                cause="a list was filtered and its neighbour was not",
                way_out="give one class name, one group and one name per sound",
            )
        for sound in self.sounds:
            if sound.sample_rate_hz != self.sample_rate_hz:
                raise RateMismatch("A sound of the set", got_hz=sound.sample_rate_hz, expected_hz=self.sample_rate_hz)

    def __len__(self) -> int:
        return len(self.sounds)

    @property
    def sample_rate_hz(self) -> int:
        """The one rate; 0 of an empty set."""
        return self.sounds[0].sample_rate_hz if self.sounds else 0

    def taken(self, places: Iterable[int]) -> SoundSet:
        """The sounds at these places, in that order; a place may come twice."""
        chosen = [int(place) for place in places]
        return SoundSet(
            tuple(self.sounds[place] for place in chosen),
            tuple(self.class_names[place] for place in chosen),
            tuple(self.groups[place] for place in chosen),
            tuple(self.names[place] for place in chosen),
        )

    def alike(self, *, duration_s: float) -> SoundSet:
        """Every sound cut as ``alike`` does."""
        return self.changed([alike(sound, duration_s=duration_s) for sound in self.sounds])

    def changed(self, sounds: Iterable[Sound]) -> SoundSet:
        """Other sounds under the same classes, groups and names."""
        return SoundSet(tuple(sounds), self.class_names, self.groups, self.names)


def alike(sound: Sound, *, duration_s: float) -> Sound:
    """The sound as both sides of a comparison are heard: no DC, from its onset, at most so long, peak 0.9.

    The end is cut where it stays 66 dB below the peak, as in every finished output. Length, level and the silence of
    a recording would otherwise give made sounds away, or hide them. A mono file is heard on both loudspeakers, as it is
    played: how many channels a file has is no difference to the ear, but one of 3 dB to the standard of loudness.
    Values that are not numbers become 0.

    Examples
    --------
    >>> import numpy as np
    >>> late = Sound(np.concatenate([np.zeros(4410), np.hanning(22050)]), 44100)
    >>> heard = alike(late, duration_s=0.25)
    >>> heard.duration_s, round(heard.peak, 3)
    (0.25, 0.9)
    """
    sound = sound.with_channels(max(2, sound.channels))
    data = np.nan_to_num(sound.data, posinf=0.0, neginf=0.0)
    data = data - (data.mean(axis=-1, keepdims=True) if data.shape[-1] else 0.0)
    peak = float(np.max(np.abs(data), initial=0.0))
    if peak <= 1e-9:
        return Sound(data, sound.sample_rate_hz).section(0, _frames(duration_s, sound))
    start = max(0, round(first_onset_s(data, sound.sample_rate_hz) * sound.sample_rate_hz))
    cut = data[:, start : start + _frames(duration_s, sound)]
    cut = cut[:, : _sounding_frames(cut)]
    if start + cut.shape[-1] < data.shape[-1]:
        cut = cut * _fade_out(cut.shape[-1], frames=round(_FADE_S * sound.sample_rate_hz))
    level = float(np.max(np.abs(cut), initial=0.0))
    return Sound(cut * np.float32(_PEAK / max(level, 1e-9)), sound.sample_rate_hz)


def _frames(duration_s: float, sound: Sound) -> int:
    return max(1, round(duration_s * sound.sample_rate_hz))


def _sounding_frames(data: npt.NDArray[np.floating]) -> int:
    """Where the sound has died away for good."""
    loudest = np.max(np.abs(data), axis=0)
    loud = np.flatnonzero(loudest > loudest.max(initial=0.0) * 10 ** (_TAIL_FLOOR_DB / 20))
    return int(loud[-1]) + 1 if loud.size else data.shape[-1]


def _fade_out(length: int, *, frames: int) -> npt.NDArray[np.float32]:
    fade = np.ones(length, np.float32)
    frames = min(frames, length)
    if frames:
        fade[-frames:] = np.linspace(1.0, 0.0, frames, dtype=np.float32)
    return fade


def respeeded(sound: Sound, *, cents: float) -> Sound:
    """The sound played faster (positive cents) or slower, pitch and length together, as a turntable would.

    Examples
    --------
    >>> respeeded(Sound(np.zeros(44100), 44100), cents=1200).frames
    22050
    """
    played = sound.resampled(max(1, round(sound.sample_rate_hz / 2 ** (cents / 1200))))
    return Sound(played.data, sound.sample_rate_hz)


def places_by_class(class_names: Sequence[str]) -> dict[str, npt.NDArray[np.int64]]:
    """Where each class stands, classes in order of their names.

    Examples
    --------
    >>> places_by_class(["snare", "kick", "snare"])["snare"].tolist()
    [0, 2]
    """
    names = np.asarray(class_names, dtype=object)
    return {str(name): np.flatnonzero(names == name) for name in sorted(set(class_names))}
