"""How fast a spectrum brightens: the curve from which hits and tempo are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import as_channels, checked_rate
from woodshed.dsp._fourier import rfft
from woodshed.dsp.maps import mel_filterbank
from woodshed.dsp.stft import windowed_pieces

HOP_S = 0.005
WINDOW_S = 0.023
BANDS = 40
LOWEST_HZ = 30.0
_RANGE_DB = 60.0
_LAG_HOPS = 3


@dataclass(frozen=True, eq=False)
class Flux:
    """Rise of the level of all bands together.

    Parameters
    ----------
    rise_db
        Mean over the bands of the rise in dB against a few hops before, shape ``(hops,)``, 0 or more.
    hop_s
        Seconds from one value to the next; value ``i`` is centred on ``i * hop_s``.
    """

    rise_db: npt.NDArray[np.float64]
    hop_s: float


def spectral_flux(x: npt.ArrayLike, sample_rate_hz: float) -> Flux:
    """Measure where the spectrum grows, band by band.

    The level of each mel band (60 dB below the loudest and up) is compared with the loudest of the band and its two
    neighbours 15 ms before, so that a gliding or trembling tone does not count as a hit.

    Parameters
    ----------
    x
        Audio, shape ``(channels, frames)`` or ``(frames,)``, finite; channels are added as power.
    sample_rate_hz
        Frames per second.

    Returns
    -------
    Flux with a value every 5 ms (rounded to whole frames; ``hop_s`` is exact).

    Raises
    ------
    UsageError
        If the shape or the rate cannot be.

    References
    ----------
    S. Böck and G. Widmer, "Maximum Filter Vibrato Suppression for Onset Detection", DAFx 2013.

    Examples
    --------
    >>> x = np.zeros(44100, dtype=np.float32)
    >>> x[22050:] = 0.5
    >>> flux = spectral_flux(x, 44100)
    >>> round(float(np.argmax(flux.rise_db) * flux.hop_s), 1)
    0.5
    """
    audio = as_channels(x)
    rate = checked_rate(sample_rate_hz)
    hop_frames = max(1, round(HOP_S * rate))
    window_frames = max(4, 1 << round(np.log2(max(4.0, WINDOW_S * rate))))
    spectra = rfft(windowed_pieces(audio, window_frames=window_frames, hop_frames=min(hop_frames, window_frames)))
    power = (np.square(spectra.real) + np.square(spectra.imag)).sum(axis=0)
    low_hz = min(LOWEST_HZ, rate / 8)
    bank = mel_filterbank(sample_rate_hz=rate, window_frames=window_frames, bands=BANDS, low_hz=low_hz)
    rise_db = _rise_db(bank @ power.T)
    rise_db[max(1, (audio.shape[-1] - window_frames // 2) // hop_frames) :] = 0.0  # the cut at the very end is no hit
    return Flux(rise_db, hop_frames / rate)


def _rise_db(bands: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    loudest = float(bands.max(initial=0.0))
    if loudest <= 0.0:
        return np.zeros(bands.shape[1], dtype=np.float64)
    level_db = 10.0 * np.log10(np.maximum(bands.astype(np.float64) / loudest, 10.0 ** (-_RANGE_DB / 10.0)))
    wide = level_db.copy()
    wide[1:] = np.maximum(wide[1:], level_db[:-1])
    wide[:-1] = np.maximum(wide[:-1], level_db[1:])
    before = np.full_like(wide, -_RANGE_DB)
    lag = min(_LAG_HOPS, wide.shape[1])
    before[:, lag:] = wide[:, : wide.shape[1] - lag]
    return np.asarray(np.maximum(level_db - before, 0.0).mean(axis=0), dtype=np.float64)
