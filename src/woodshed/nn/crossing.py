"""The envelope of one sound with the fine structure of another."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.dsp import first_onset_s
from woodshed.nn.envelopes import EnvelopeSplitter, Split
from woodshed.nn.shaping import MOST_GAIN, Reshaped, Shape, Shaper

_CORRECTIONS = 2
_MOST_CORRECTION = 12.0 * math.log(10.0) / 10.0  # natural log of power


def crossed(envelope_of: np.ndarray, fine_of: np.ndarray, *, sample_rate_hz: int, bands: int, seed: int) -> np.ndarray:
    """Give one sound's fine structure the loudness over time and frequency of another.

    Onsets are laid on one another; where the lender is silent noise stands in; the result is corrected until its own
    envelope is the one asked for.

    Parameters
    ----------
    envelope_of, fine_of
        ``(channels, frames)`` with one or two channels. A stereo envelope gives a mono lender its width; a stereo
        lender under a mono envelope keeps its own.
    sample_rate_hz
        Of both.
    bands
        Of the envelope: few let more of the lender through.
    seed
        Of the noise.

    Returns
    -------
    float32, as long as the first sound, on as many channels as the wider of the two.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> decay = np.exp(-np.arange(8000) / 1500)
    >>> one, two = rng.normal(size=(1, 8000)) * decay, np.sin(np.arange(8000) * 0.05)[None]
    >>> crossed(one, two, sample_rate_hz=44100, bands=24, seed=0).shape
    (1, 8000)
    """
    frames = envelope_of.shape[-1]
    stereo = max(len(envelope_of), len(fine_of)) == 2
    splitter = EnvelopeSplitter(
        sample_rate_hz=sample_rate_hz, bands=bands, token_steps=8, stereo=stereo, max_duration_s=1.0
    )
    shaper = Shaper(splitter)
    with torch.no_grad():
        given = splitter.split(_tensor(envelope_of))
        lender = splitter.split(_tensor(_laid(fine_of, envelope_of, sample_rate_hz)))
        own = Shape(lender.envelope, lender.width).held_to(given.spectra.shape[1])
        target = Shape(given.envelope, given.width if len(given.spectra) == 2 else own.width)
        generator = torch.Generator().manual_seed(derive_seed(seed, "crossed") % 2**63)
        spectra = _shaped(shaper, lender, own, target, stereo=stereo, generator=generator)
        sound = splitter.join(spectra * math.exp(given.reference / 2), frames=frames)
        for _ in range(_CORRECTIONS):
            sound = _corrected(splitter, sound, target, given.reference)
    return _without_lead(sound.numpy(), envelope_of, sample_rate_hz)


def _laid(fine: np.ndarray, envelope: np.ndarray, rate: int) -> np.ndarray:
    """The lender, moved so that its onset falls on that of the envelope's sound."""
    late = round((first_onset_s(fine, rate) - first_onset_s(envelope, rate)) * rate)
    return fine[:, late:] if late >= 0 else np.pad(fine, ((0, 0), (-late, 0)))


def _shaped(
    shaper: Shaper, lender: Split, own: Shape, target: Shape, *, stereo: bool, generator: torch.Generator
) -> Tensor:
    """Spectra of the lender under the target, with noise for what it lacks, ``(sides, steps, bins)``."""
    reshaped = shaper.reshape(lender, own, target)
    if stereo:
        reshaped = shaper.with_side(reshaped, target, generator)
    lifted = ((target.envelope - own.envelope) / 2 - MOST_GAIN).clamp(min=0)  # beyond what gains may do
    presence = reshaped.presence * shaper.splitter.bands.spread((-lifted).exp())
    noise = shaper.noise(target, sides=2 if stereo else 1, generator=generator)
    return shaper.filled(Reshaped(reshaped.spectra, presence), noise, air=0.0)


def _corrected(splitter: EnvelopeSplitter, sound: Tensor, target: Shape, reference: float) -> Tensor:
    """Turned towards the target where its own envelope differs from it."""
    split = splitter.split(sound)
    got = torch.log((split.envelope.exp() - math.exp(splitter.floor)).clamp(min=1e-9)) + split.reference - reference
    wanted = torch.log((target.envelope.exp() - math.exp(splitter.floor)).clamp(min=1e-9))
    steps = min(len(got), len(wanted))
    change = (wanted[:steps] - got[:steps]).clamp(-_MOST_CORRECTION, _MOST_CORRECTION)
    gain = splitter.bands.spread(Shaper(splitter).steadied(change / 2)).exp()
    return splitter.join(split.spectra[:, :steps] * gain, frames=sound.shape[-1])


def _without_lead(sound: np.ndarray, envelope: np.ndarray, rate: int) -> np.ndarray:
    """Nothing sounds before the onset that did not sound there in the envelope's sound."""
    onset = round(first_onset_s(envelope, rate) * rate)
    rise = min(onset, round(0.001 * rate))
    gate = np.zeros(sound.shape[-1], dtype=np.float32)
    gate[onset:] = 1.0
    gate[onset - rise : onset] = np.linspace(0.0, 1.0, rise, endpoint=False)
    return (sound * gate).astype(np.float32)


def _tensor(data: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(data, dtype=np.float32))
