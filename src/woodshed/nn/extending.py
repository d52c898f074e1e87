"""The top of a sound that lost it: fine structure copied up from below or made of noise, under an envelope for it.

References
----------
M. Dietz, L. Liljeryd, K. Kjorling and O. Kunz, "Spectral band replication, a novel approach in audio coding", AES 112th
convention, 2002 (copying up and shaping; here the envelope is not sent along but estimated).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.nn.envelopes import EnvelopeSplitter, Split
from woodshed.nn.lapped import lapped

_KNOWN_SHARE = 0.94  # of the cutoff: bands centred below are taken as known
_FIT_SPAN = 2.5  # the slope is read from the cutoff down to this fraction of it
_SLOPES = (-36.0, 0.0)  # dB per octave
_USUAL_SLOPE, _USUAL_WEIGHT = -12.0, 2.0
_SEAM_HZ = 600.0
_TURNS, _EDGE_S = 3, 0.002
_NOISE_SHARE = 0.5
_FAST_S, _SLOW_S = 0.0008, 0.012
_GATE = (0.03, 2.5)


class Extender:
    """Gives a sound a new band above a cutoff; what lies below stays bit for bit what it was.

    Parameters
    ----------
    splitter
        Of the sound's rate, with any number of bands.
    cutoff_hz
        Where the sound ends now.

    Examples
    --------
    >>> splitter = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=False, max_duration_s=1.0)
    >>> extender = Extender(splitter, cutoff_hz=5000.0)
    >>> int(extender.known.sum()), bool(extender.known[0]), bool(extender.known[-1])
    (25, True, False)
    """

    def __init__(self, splitter: EnvelopeSplitter, *, cutoff_hz: float) -> None:
        self.splitter, self.cutoff_hz = splitter, cutoff_hz
        self.known = splitter.bands.centres_hz < _KNOWN_SHARE * cutoff_hz  # (bands,)
        self.bin_hz = splitter.sample_rate_hz / (2 * splitter.hop_frames)

    def continued(self, split: Split) -> Tensor:
        """The envelope with its missing bands on a straight line over log frequency, ``(steps, bands)``.

        The slope is that of the whole sound right below the cutoff, drawn towards the usual one; each step goes on from
        its own last known bands.
        """
        hz = self.splitter.bands.centres_hz.clamp(min=20.0)
        octaves = torch.log2(hz / self.cutoff_hz)
        near = self.known & (hz > self.cutoff_hz / _FIT_SPAN)
        if int(near.sum()) < 2:
            near = self.known.clone()
            near[: max(0, int(self.known.sum()) - 2)] = False
        loud = torch.log(split.envelope.exp().mean(0))[near]  # (near bands,)
        x = octaves[near] - octaves[near].mean()
        per_octave = math.log(10.0) / 10.0
        usual = _USUAL_SLOPE * per_octave
        slope = float((x @ (loud - loud.mean()) + _USUAL_WEIGHT * usual) / (x @ x + _USUAL_WEIGHT))
        slope = min(_SLOPES[1] * per_octave, max(_SLOPES[0] * per_octave, slope))
        last = split.envelope[:, near][:, -3:]
        anchor = (last - slope * octaves[near][-3:]).mean(1, keepdim=True)  # (steps, 1)
        line = anchor + slope * octaves[None]
        return torch.where(self.known[None], split.envelope, line.clamp(min=self.splitter.floor))

    def extended(self, audio: Tensor, split: Split, envelope: Tensor, *, seed: int) -> Tensor:
        """The sound with a new top under an envelope, ``(channels, frames)``.

        Parameters
        ----------
        audio
            The sound, ``(channels, frames)``, one or two channels.
        split
            The same, taken apart.
        envelope
            Natural log of band power, ``(steps, bands)``, on the scale of the split.
        """
        generator = torch.Generator().manual_seed(derive_seed(seed, "top") % 2**63)
        fine = self._fine(split, generator)  # (sides, steps, bins), each band at power 1
        quiet = math.exp(self.splitter.floor)
        level = torch.log((envelope.exp() - quiet).clamp(min=1e-4 * quiet))
        mid = fine[:1] * self.splitter.bands.spread(level / 2).exp()
        sides = [mid]
        if len(split.spectra) == 2:
            sides.append(fine[1:] * self.splitter.bands.spread(level / 2).exp() * self._side_gain(split))
        spectra = torch.cat(sides) * math.exp(split.reference / 2)
        top = self.splitter.join(spectra, frames=audio.shape[-1])
        top = self._above(self._timed(top, audio))
        return audio + top

    def _fine(self, split: Split, generator: torch.Generator) -> Tensor:
        """Bins copied up from right below the cutoff, mixed with noise; every band at power 1."""
        sides, steps, bins = split.spectra.shape
        first = max(2, int(_KNOWN_SHARE * self.cutoff_hz / self.bin_hz))
        patch = max(2, (first // 2) // 2 * 2)  # an even shift keeps phases in step from slice to slice
        places = torch.arange(bins)
        source = torch.where(places < first, places, first - patch + (places - first) % patch)
        hop = self.splitter.hop_frames
        noise = lapped(torch.randn(sides, (steps - 1) * hop, generator=generator), hop_frames=hop)
        copied = self._flat(split.spectra)[:, :, source]
        mixed = copied * math.sqrt(1 - _NOISE_SHARE) + self._flat(noise) * math.sqrt(_NOISE_SHARE)
        return self._flat(mixed)

    def _flat(self, spectra: Tensor) -> Tensor:
        """Every band of every step at power 1."""
        power = self.splitter.bands.gather(spectra.abs() ** 2).clamp(min=1e-20)
        return spectra * self.splitter.bands.spread(-0.5 * power.log()).exp()

    def _side_gain(self, split: Split) -> Tensor:
        """How loud the side is beside the middle right below the cutoff, ``(steps, 1)``."""
        bands = self.splitter.bands.gather(split.spectra.abs() ** 2)  # (2, steps, bands)
        near = self.known & (self.splitter.bands.centres_hz > self.cutoff_hz / _FIT_SPAN)
        mid, side = bands[:, :, near].sum(-1) if bool(near.any()) else bands.sum(-1)
        return (side / mid.clamp(min=1e-20)).clamp(0, 4).sqrt()[:, None]

    def _timed(self, top: Tensor, audio: Tensor) -> Tensor:
        """The new top, made to rise and fall within a step as the octave below the cutoff does."""
        below = self._band(audio, low_hz=self.cutoff_hz / 2, high_hz=self.cutoff_hz)
        gains = []
        rate = self.splitter.sample_rate_hz
        for data in (below, top):
            power = data.double().square().sum(0)
            fast, slow = (_smoothed(power, max(1, round(span * rate))) for span in (_FAST_S, _SLOW_S))
            gains.append((fast + 1e-14) / (slow + 1e-14))
        gain = (gains[0] / gains[1].clamp(min=1e-3)).sqrt().clamp(*_GATE)
        return top * gain.to(top)

    def _above(self, top: Tensor) -> Tensor:
        """Nothing below the cutoff, everything from 600 Hz above it, and that within the length of the sound.

        What a filter rings beyond either end cannot be kept; by turns filtered and cut, what is left needs less of it.
        """
        for turn in range(_TURNS):
            top = self._edged(self._band(top, low_hz=self.cutoff_hz, high_hz=float("inf")), last=turn == _TURNS - 1)
        return top

    def _edged(self, top: Tensor, *, last: bool) -> Tensor:
        """Faded in and out over a millisecond, except the last time."""
        frames = min(top.shape[-1] // 2, round(_EDGE_S * self.splitter.sample_rate_hz))
        if last or frames == 0:
            return top
        rise = 0.5 - 0.5 * torch.cos(math.pi * (torch.arange(frames) + 0.5) / frames)
        edged = top.clone()
        edged[..., :frames] *= rise
        edged[..., -frames:] *= rise.flip(0)
        return edged

    def _band(self, audio: Tensor, *, low_hz: float, high_hz: float) -> Tensor:
        frames = audio.shape[-1]
        size = 2 ** math.ceil(math.log2(frames + self.splitter.sample_rate_hz // 20))
        spectrum = torch.fft.rfft(audio.double(), n=size)
        hz = torch.from_numpy(np.fft.rfftfreq(size, 1 / self.splitter.sample_rate_hz))
        keep = ((hz - low_hz) / _SEAM_HZ).clamp(0, 1) * ((high_hz - hz) / _SEAM_HZ).clamp(0, 1)
        return torch.fft.irfft(spectrum * torch.sin(keep * math.pi / 2) ** 2, n=size)[..., :frames].float()


def _smoothed(values: Tensor, frames: int) -> Tensor:
    """Running mean over so many frames around each."""
    half = frames // 2
    summed = torch.nn.functional.pad(torch.cumsum(values, 0), (1, 0))
    places = torch.arange(len(values))
    high, low = (places + half + 1).clamp(max=len(values)), (places - half).clamp(min=0)
    return ((summed[high] - summed[low]) / (high - low)).clamp(min=0)
