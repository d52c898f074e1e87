"""What is heard of a sound, as tensors that a gradient goes through: levels, loudness, onsets, brightness, other rates.

Audio is ``(batch, channels, frames)``. Levels are decibels below the loudest place of each sound, with a soft floor, so
that nothing here depends on how loud a sound is as a whole.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from scipy.signal import sosfreqz
from torch import Tensor
from torch.nn import functional

from woodshed.dsp import hann, k_weighting, log_frequencies_hz, log_frequency_filterbank, mel_filterbank

FLOOR_DB = -70.0
_EDGE = 0.06  # share of the band below half the lower rate that fades out
_RISE_HOPS = 3


def at_rate(audio: Tensor, *, sample_rate_hz: int, wanted_hz: int) -> Tensor:
    """The same sound at another rate, exact for what both rates can hold, ``(..., frames)`` to ``(..., new frames)``.

    References
    ----------
    Smith, Digital Audio Resampling, CCRMA 2002, on band-limited interpolation; here the band is cut in one transform.

    Examples
    --------
    >>> tone = torch.sin(torch.arange(4410) * 0.05)
    >>> slower = at_rate(tone, sample_rate_hz=44100, wanted_hz=22050)
    >>> len(slower), bool((slower[50:-50] - tone[100:-100:2]).abs().max() < 0.01)
    (2205, True)
    """
    if wanted_hz == sample_rate_hz:
        return audio
    frames = audio.shape[-1]
    common = math.gcd(sample_rate_hz, wanted_hz)
    unit = sample_rate_hz // common
    length = -(-(frames + 1024) // unit) * unit  # silence behind, so that the end does not run into the start
    new_length = length // unit * (wanted_hz // common)
    spectrum = torch.fft.rfft(functional.pad(audio, (0, length - frames)))
    bins, kept = new_length // 2 + 1, min(length, new_length) // 2 + 1
    ramp = (torch.linspace(1, 0, kept, device=audio.device) / _EDGE).clamp(0, 1)
    spectrum = spectrum[..., :kept] * (0.5 - 0.5 * torch.cos(math.pi * ramp)).to(audio)
    spectrum = functional.pad(spectrum, (0, bins - kept))
    return torch.fft.irfft(spectrum, n=new_length)[..., : round(frames * wanted_hz / sample_rate_hz)] * (
        new_length / length
    )


def power_pieces(audio: Tensor, *, window_frames: int, hop_frames: int) -> Tensor:
    """Power of Hann-windowed pieces, all channels together, ``(batch, bins, hops)``; placed as in `dsp.stft`."""
    hops = 1 - (-audio.shape[-1] // hop_frames)
    half = window_frames // 2
    padded = functional.pad(audio, (half, (hops - 1) * hop_frames + window_frames - half - audio.shape[-1]))
    pieces = padded.unfold(-1, window_frames, hop_frames) * _window(window_frames).to(audio)
    spectra = torch.fft.rfft(pieces)
    return (spectra.real.square() + spectra.imag.square()).sum(1).transpose(1, 2)


def levels_db(power: Tensor, *, floor_db: float = FLOOR_DB) -> Tensor:
    """Power in decibels below its loudest place, a soft floor below; the first axis counts sounds."""
    loudest = power.flatten(1).amax(1).clamp(min=1e-20).reshape(-1, *[1] * (power.ndim - 1))
    return 10 * torch.log10(power / loudest + 10 ** (floor_db / 10))


def mel_levels_db(
    audio: Tensor, *, sample_rate_hz: int, hop_s: float, window_s: float = 0.0232, bands: int = 40, floor_db: float
) -> Tensor:
    """A picture in mel bands from 30 Hz to 16 kHz, decibels below its loudest place, ``(batch, bands, hops)``."""
    window, hop = 2 * round(window_s * sample_rate_hz / 2), max(1, round(hop_s * sample_rate_hz))
    power = power_pieces(audio, window_frames=window, hop_frames=hop)
    return levels_db(mel_bank(sample_rate_hz, window, bands).to(power) @ power, floor_db=floor_db)


def rises_db(picture: Tensor, *, floor_db: float) -> Tensor:
    """How much bands of a picture rise within three hops, on average, ``(batch, bands, hops)`` to ``(batch, hops)``.

    What stood before counts with its neighbours, so that a gliding tone is no rise; before the start stood the floor.
    """
    wide = functional.max_pool1d(picture.transpose(1, 2), 3, stride=1, padding=1).transpose(1, 2)
    start = wide.new_full((*wide.shape[:2], _RISE_HOPS), floor_db)
    before = torch.cat([start, wide[..., :-_RISE_HOPS]], dim=-1)
    return (picture - before).clamp(min=0).mean(1)


def octave_levels_db(
    audio: Tensor, *, sample_rate_hz: int, bands_per_octave: int = 3, low_hz: float = 40.0, high_hz: float = 16000.0
) -> Tensor:
    """Power of each third of an octave over the whole sound, in decibels of all of it, ``(batch, bands)``."""
    window = _spectrum_window(sample_rate_hz)
    power = power_pieces(audio, window_frames=window, hop_frames=window // 4).mean(-1)  # (batch, bins)
    bank = _octave_bank(sample_rate_hz, window, bands_per_octave, low_hz, high_hz).to(power)
    banded = power @ bank.T
    share = banded / banded.sum(1, keepdim=True).clamp(min=1e-20)
    return 10 * torch.log10(share + 1e-6)


def octave_centres_hz(
    *, sample_rate_hz: int, bands_per_octave: int = 3, low_hz: float = 40.0, high_hz: float = 16000.0
) -> list[float]:
    """The middle of each band of `octave_levels_db`."""
    high_hz = min(high_hz, 0.48 * sample_rate_hz)
    return log_frequencies_hz(
        sample_rate_hz=sample_rate_hz, bands_per_octave=bands_per_octave, low_hz=low_hz, high_hz=high_hz
    ).tolist()


def loudness_db(audio: Tensor, *, sample_rate_hz: int, hop_s: float, window_s: float = 0.04) -> Tensor:
    """K-weighted loudness over time, decibels below the loudest moment, ``(batch, hops)``."""
    window, hop = 2 * round(window_s * sample_rate_hz / 2), max(1, round(hop_s * sample_rate_hz))
    power = power_pieces(audio, window_frames=window, hop_frames=hop)
    weighted = (power * _k_weights(sample_rate_hz, window).to(power)[:, None]).sum(1)
    return levels_db(weighted)


def centroid_hz(audio: Tensor, *, sample_rate_hz: int) -> Tensor:
    """Centre of gravity of the power spectrum of the whole sound, ``(batch,)``."""
    power = torch.fft.rfft(audio).abs().square().sum(1)  # (batch, bins)
    bins = torch.linspace(0, sample_rate_hz / 2, power.shape[1]).to(power)
    return (power @ bins) / power[:, 1:].sum(1).clamp(min=1e-20)


def envelope_db(audio: Tensor, *, sample_rate_hz: int, hop_s: float = 0.002, smoothing_s: float = 0.008) -> Tensor:
    """Power of all channels under a short window, decibels below the peak, ``(batch, hops)``."""
    hop = max(1, round(hop_s * sample_rate_hz))
    power = audio.square().mean(1, keepdim=True)
    blocks = functional.avg_pool1d(functional.pad(power, (0, -power.shape[-1] % hop)), hop)  # (batch, 1, hops)
    reach = max(1, round(smoothing_s / hop_s / 2))
    window = _window(2 * reach + 2)[1:].to(blocks)
    smooth = functional.conv1d(blocks, (window / window.sum())[None, None], padding=reach)
    return levels_db(smooth[:, 0])


@lru_cache(maxsize=64)
def mel_bank(sample_rate_hz: int, window_frames: int, bands: int) -> Tensor:
    """Mel filters from 30 Hz to 16 kHz or half the rate, ``(bands, bins)``."""
    high_hz = min(16e3, sample_rate_hz / 2)
    bank = mel_filterbank(
        sample_rate_hz=sample_rate_hz, window_frames=window_frames, bands=bands, low_hz=30.0, high_hz=high_hz
    )
    return torch.from_numpy(np.array(bank))


@lru_cache(maxsize=64)
def _octave_bank(rate_hz: int, window_frames: int, per_octave: int, low_hz: float, high_hz: float) -> Tensor:
    bank = log_frequency_filterbank(
        sample_rate_hz=rate_hz,
        window_frames=window_frames,
        bands_per_octave=per_octave,
        low_hz=low_hz,
        high_hz=min(high_hz, 0.48 * rate_hz),
    )
    widths = 2.0 ** (np.arange(len(bank)) / per_octave)  # rows are mean powers: times the width of the band
    return torch.from_numpy((np.array(bank) * widths[:, None]).astype(np.float32))


@lru_cache(maxsize=64)
def _k_weights(sample_rate_hz: int, window_frames: int) -> Tensor:
    bins_hz = np.linspace(0, sample_rate_hz / 2, window_frames // 2 + 1)
    _, response = sosfreqz(k_weighting(sample_rate_hz), worN=bins_hz, fs=sample_rate_hz)
    return torch.from_numpy(np.square(np.abs(response)).astype(np.float32))


@lru_cache(maxsize=64)
def _window(frames: int) -> Tensor:
    return torch.from_numpy(np.array(hann(frames), dtype=np.float32))


def _spectrum_window(sample_rate_hz: int) -> int:
    return 2 ** round(math.log2(sample_rate_hz * 0.09))
