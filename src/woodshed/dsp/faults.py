"""What is wrong with a recording: clipped, cut off at the top, or squeezed by a lossy codec; and how we know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import Audio, as_channels, checked_rate
from woodshed.dsp.declipping import Clipping, find_clipping
from woodshed.dsp.stft import stft

_WINDOW = 2048
_HOP = 512
_DROP_DB = 18.0
_LOWEST_HZ = 1500.0
_HIGHEST_SHARE = 0.9  # of half the rate: higher up every converter's filter lies
_FLOOR_DB = -110.0
_HOLE_DB = -22.0
_GROUP = 8  # bins
_HOLE_SHARE = 0.04
_CODEC_HZ = (9000.0, 20000.0)


@dataclass(frozen=True)
class Faults:
    """What was found.

    Attributes
    ----------
    clipping
        Where it stands at its stops.
    cutoff_hz
        Above this nothing sounds, though much sounds right below; None where it ends by itself.
    drop_db
        How far the level falls at the cutoff.
    hole_share
        Parts of time and frequency that are empty though their neighbours sound, 0 to 1.
    """

    clipping: Clipping
    cutoff_hz: float | None
    drop_db: float
    hole_share: float

    @property
    def lossy(self) -> bool:
        """Whether a codec seems to have been at work: a shelf where codecs have theirs, and holes."""
        return self.cutoff_hz is not None and self.cutoff_hz >= _CODEC_HZ[0] and self.hole_share >= _HOLE_SHARE

    @property
    def words(self) -> tuple[str, ...]:
        """The faults by name, as the task ``restore`` knows them."""
        found = ["clipped"] if self.clipping.found else []
        if self.cutoff_hz is not None:
            found.append("lossy" if self.lossy else "band_limited")
        return tuple(found)


def find_faults(x: npt.ArrayLike, sample_rate_hz: float) -> Faults:
    """Listen to a sound for faults that `restore` can mend.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``.
    sample_rate_hz
        Frames per second.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=44100)
    >>> find_faults(noise, 44100).words
    ()
    >>> spectrum = np.fft.rfft(noise)
    >>> spectrum[6000:] = 0
    >>> found = find_faults(np.fft.irfft(spectrum), 44100)
    >>> found.words, abs(found.cutoff_hz - 6000) < 100
    (('band_limited',), True)
    """
    audio, rate = as_channels(x), checked_rate(sample_rate_hz)
    clipping = find_clipping(audio)
    power = _power(audio)
    cutoff_hz, drop_db = _cutoff(power.mean(axis=0), rate)
    return Faults(clipping, cutoff_hz, drop_db, _hole_share(power, rate, cutoff_hz))


def _power(audio: Audio) -> npt.NDArray[np.float64]:
    """Mean power of all channels, ``(hops, bins)``."""
    frames = max(audio.shape[1], 2 * _WINDOW)
    padded = np.pad(audio, ((0, 0), (0, frames - audio.shape[1])))
    spectra = np.abs(stft(padded, window_frames=_WINDOW, hop_frames=_HOP)).astype(np.float64) ** 2
    return np.swapaxes(spectra.mean(axis=0), 0, 1)


def _cutoff(power: npt.NDArray[np.float64], rate: float) -> tuple[float | None, float]:
    """The steepest fall of the spectrum after which nothing comes any more, and how far it falls in dB."""
    level = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-30), 10 ** (_FLOOR_DB / 10)))
    bin_hz = rate / 2 / (len(power) - 1)
    best, cutoff = 0.0, None
    for place in range(round(_LOWEST_HZ / bin_hz), round(_HIGHEST_SHARE * (len(power) - 1))):
        below = float(np.mean(level[round(place / 1.12) : place - 1]))
        above = level[place + 2 :]
        if above.size < 4 or below < _FLOOR_DB + _DROP_DB:
            continue
        near = float(np.mean(level[place + 2 : max(place + 6, round(place * 1.12))]))
        highest = float(np.max(above[4:], initial=_FLOOR_DB))
        drop = below - max(near, highest - 3.0)
        if drop > best:
            best, cutoff = drop, place * bin_hz
    return (cutoff, best) if cutoff is not None and best >= _DROP_DB else (None, best)


def _hole_share(power: npt.NDArray[np.float64], rate: float, cutoff_hz: float | None) -> float:
    """Share of groups of bins, from 2 kHz to the top, that are far below the same group shortly before and after."""
    bin_hz = rate / 2 / (power.shape[1] - 1)
    top = min(cutoff_hz or rate / 2, 20000.0)
    inside = power[:, round(2000 / bin_hz) : round(0.97 * top / bin_hz)]
    groups = inside.shape[1] // _GROUP
    if groups < 2 or len(inside) < 7:
        return 0.0
    banded = inside[:, : groups * _GROUP].reshape(len(inside), groups, _GROUP).mean(axis=2)
    around = np.stack([np.roll(banded, shift, axis=0) for shift in (-3, -2, -1, 1, 2, 3)]).max(axis=0)
    heard = around > banded.max() * 1e-7
    holes = heard & (banded < around * 10 ** (_HOLE_DB / 10))
    return float(holes.sum() / max(1, heard.sum()))
