"""The noun: a piece of audio with its rate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UnusableSound, UsageError

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sound:
    """Audio with its rate: frozen, float32, ``(channels, frames)``, read-only memory.

    Parameters
    ----------
    data
        Amplitudes, shape ``(channels, frames)`` or ``(frames,)`` for mono; full scale is 1. Copied to float32
        and locked, or taken over where it is already locked in that very form. Values beyond full scale are kept.
    sample_rate_hz
        Frames per second.

    Raises
    ------
    UsageError
        If the shape has more than two dimensions or the rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> sound = Sound(np.zeros((2, 44100)), sample_rate_hz=44100)
    >>> sound.channels, sound.duration_s
    (2, 1.0)
    """

    data: Audio
    sample_rate_hz: int

    def __post_init__(self) -> None:
        array = self.data if _is_locked(self.data) else np.array(self.data, dtype=np.float32, copy=True, order="C")
        if array.ndim == 1:
            array = array[np.newaxis]
        if array.ndim != 2 or array.shape[0] < 1:
            raise UsageError(
                f"A sound needs the shape (channels, frames), not {np.shape(self.data)}",
                cause="the axes are in another order, or a batch was given",
                way_out="pass one sound with channels first",
            )
        if int(self.sample_rate_hz) <= 0:
            raise UsageError(
                f"A sample rate of {self.sample_rate_hz} Hz is not possible",
                cause="the rate was left out or misread",
                way_out="give the rate of the recording, for example 44100",
            )
        array.setflags(write=False)
        object.__setattr__(self, "data", array)
        object.__setattr__(self, "sample_rate_hz", int(self.sample_rate_hz))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.data.shape[0])

    @property
    def frames(self) -> int:
        """Number of time steps."""
        return int(self.data.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz

    @property
    def peak(self) -> float:
        """Largest absolute amplitude; 0 for an empty sound."""
        return float(np.max(np.abs(self.data), initial=0.0))

    @cached_property
    def content_id(self) -> str:
        """BLAKE2b (32 hex digits) of the float32 PCM, its shape and its rate: survives renames and tag edits."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{self.channels}x{self.frames}@{self.sample_rate_hz}".encode())
        digest.update(np.ascontiguousarray(self.data.astype("<f4", copy=False)).data)
        return digest.hexdigest()

    def mono(self) -> Sound:
        """The mean of all channels."""
        return self if self.channels == 1 else Sound(self.data.mean(axis=0, keepdims=True), self.sample_rate_hz)

    def with_channels(self, channels: int) -> Sound:
        """The same sound on another number of channels: one is copied to all, several are averaged to one.

        Raises
        ------
        UsageError
            For any other change, such as 7 to 2: which channel means what is not ours to guess.
        """
        if channels == self.channels:
            return self
        if channels == 1:
            return self.mono()
        if self.channels == 1:
            return Sound(np.repeat(self.data, channels, axis=0), self.sample_rate_hz)
        raise UsageError(
            f"A sound of {self.channels} channels cannot become {channels} channels by itself",
            cause="a surround or multi-microphone file met a stereo tool",
            way_out="mix it down in a DAW, or ask for mono",
        )

    def section(self, start_frame: int, stop_frame: int) -> Sound:
        """The frames from start up to stop, as a new sound."""
        return Sound(self.data[:, max(0, start_frame) : max(0, stop_frame)], self.sample_rate_hz)

    def scaled(self, gain: float) -> Sound:
        """The sound times a gain."""
        return Sound(self.data * np.float32(gain), self.sample_rate_hz)

    def resampled(self, sample_rate_hz: int) -> Sound:
        """The sound at another rate (soxr, very high quality): the only place where rates change, when asked."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        import soxr

        if self.frames == 0:
            return Sound(self.data, sample_rate_hz)
        changed = soxr.resample(self.data.T, self.sample_rate_hz, sample_rate_hz, quality="VHQ")
        return Sound(np.ascontiguousarray(changed.T), sample_rate_hz)

    def checked(self, *, name: str = "the sound") -> Sound:
        """Return the sound if it can be worked on.

        Raises
        ------
        UnusableSound
            If it has no frames, holds NaN or infinity, or is silent throughout.
        """
        if self.frames == 0:
            raise UnusableSound(
                f"{name} has no audio in it (0 frames)", cause="an export that was stopped", way_out="export it again"
            )
        if not np.isfinite(self.data).all():
            raise UnusableSound(
                f"{name} holds values that are not numbers (NaN or infinity)",
                cause="a plug-in that blew up while rendering",
                way_out="render it again",
            )
        if self.peak < 1e-5:
            raise UnusableSound(
                f"{name} is silent (peak below -100 dB)",
                cause="a muted track was exported",
                way_out="unmute and export it again",
            )
        return self

    def __repr__(self) -> str:
        return f"Sound({self.channels} ch, {self.duration_s:.3f} s, {self.sample_rate_hz} Hz)"


def _is_locked(array: object) -> bool:
    """Whether an array already is what a sound keeps: its own read-only float32 memory, ``(channels, frames)``."""
    return (
        isinstance(array, np.ndarray)
        and array.dtype == np.float32
        and array.ndim == 2
        and array.flags.owndata
        and array.flags.c_contiguous
        and not array.flags.writeable
    )
