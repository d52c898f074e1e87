"""Attacks to the millisecond: what the slices of the transform smear before a hit is taken away again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from woodshed.nn import LoopShape, LoopSplitter

_SPLITS_HZ = (300.0, 3000.0)  # below the first, a cycle is longer than what is mended
_RUMBLE_HZ = 20.0
_RISE_DB = 7.0
_BLOCK_S = 0.001
_BEFORE_S, _AFTER_S = 0.014, 0.008
_MOST_DB, _LEAST_DB = 5.0, -40.0

Numbers = npt.NDArray[np.float64]


def with_sharp_attacks(audio: Tensor, shape: LoopShape, *, splitter: LoopSplitter) -> Tensor:
    """The loop with its hits as steep as they can be told from the shape, and without rumble below 20 Hz.

    Parameters
    ----------
    audio
        ``(channels, frames)``, a closed circle.
    """
    frames = audio.shape[-1]
    spectrum = torch.fft.rfft(audio)
    hz = torch.arange(spectrum.shape[-1]) * (splitter.sample_rate_hz / frames)
    spectrum = spectrum * ((hz / _RUMBLE_HZ) ** 4 / (1 + (hz / _RUMBLE_HZ) ** 4))
    above = [_rise(hz, edge) for edge in _SPLITS_HZ]
    low = torch.fft.irfft(spectrum * (1 - above[0]), n=frames)
    centres = splitter.bands.centres_hz
    for gains, (bottom, top) in (
        (above[0] - above[1], (_SPLITS_HZ[0], _SPLITS_HZ[1])),
        (above[1], (_SPLITS_HZ[1], 30000.0)),
    ):
        part = torch.fft.irfft(spectrum * gains, n=frames)
        chosen = (centres >= bottom) & (centres < top)
        loud = (shape.envelope[:, chosen].double().exp() * _bins_per_band(splitter)[chosen]).sum(1).numpy()
        low = low + part * _gains(part, loud, rate_hz=splitter.sample_rate_hz)
    return low


def _gains(part: Tensor, loud: Numbers, *, rate_hz: int) -> Tensor:
    """Gain over time of one band, ``(frames,)``, from its power at each step of the grid."""
    frames = part.shape[-1]
    onsets = _onsets(loud)  # in steps of the grid
    if not len(onsets) or frames < 64:
        return torch.ones(frames)
    blocks = max(1, round(frames / rate_hz / _BLOCK_S))
    size = frames / blocks
    edges = np.round(np.arange(blocks + 1) * size).astype(np.int64)
    energy = np.concatenate([[0.0], np.cumsum(part.double().square().mean(0).numpy())])
    power = np.maximum(np.diff(energy[edges]) / np.maximum(1, np.diff(edges)), 1e-14)
    heard = (power + np.roll(power, 1) + np.roll(power, -1)) / 3
    change_db = np.zeros(blocks)
    before, after = round(_BEFORE_S / _BLOCK_S), round(_AFTER_S / _BLOCK_S)
    for onset in onsets:
        at = int(np.floor(onset / len(loud) * blocks))
        quiet = np.arange(at - before - 6, at - before) % blocks
        body = np.arange(at + 2, at + after + 4) % blocks
        level = np.median(heard[quiet])
        lead, start = np.arange(at - before, at) % blocks, np.arange(at, at + after) % blocks
        change_db[lead] = np.minimum(change_db[lead], 10 * np.log10(level / heard[lead]))
        change_db[start] = np.maximum(change_db[start], 10 * np.log10(heard[body].max() / heard[start]))
    gain = 10 ** (np.clip(change_db, _LEAST_DB, _MOST_DB) / 20)
    where = np.arange(frames) / size - 0.5
    around = np.concatenate([gain[-1:], gain, gain[:1]])
    return torch.from_numpy(np.interp(where, np.arange(-1, blocks + 1), around).astype(np.float32))


def _onsets(loud: Numbers) -> list[float]:
    """Where the power of a band rises at once, in steps: half way up in power, between two steps."""
    level_db = 10 * np.log10(np.maximum(loud, 1e-9 * max(float(loud.max()), 1e-12)))
    rise = np.roll(level_db, -2) - np.roll(level_db, 2)
    peaks = (rise > _RISE_DB) & (rise >= np.roll(rise, 1)) & (rise > np.roll(rise, -1))
    peaks &= np.roll(level_db, -2) > level_db.max() - 40.0
    places = []
    for step in np.flatnonzero(peaks):
        around = np.arange(step - 3, step + 4)
        power = loud[around % len(loud)]
        half = 0.5 * (power[:2].mean() + power[2:].max())
        first = int(np.argmax(power >= half))
        if first == 0:
            continue
        share = (half - power[first - 1]) / max(power[first] - power[first - 1], 1e-12)
        places.append(float(around[first - 1] + share))
    return places


def _rise(hz: Tensor, edge_hz: float) -> Tensor:
    """From 0 to 1 over an octave around a frequency."""
    octaves = torch.log2(hz.clamp(min=1.0) / edge_hz)
    return 0.5 - 0.5 * torch.cos(np.pi * (octaves + 0.5).clamp(0, 1))


def _bins_per_band(splitter: LoopSplitter) -> Tensor:
    return splitter.bands.spreading.sum(1).double()
