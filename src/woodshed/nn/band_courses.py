"""How the level of each of six bands runs over time, in few numbers; and shapes whose bands run as known ones do.

What is new altogether has a course, a colour and a beginning of known sounds, but in between its bands are drawn each
for itself: highs of a kick that hiss to its end, holes, edges that no recording has. What dies first, and how fast, is
therefore taken from known sounds as well: its main bands run as those of one, its highs as those of another.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from woodshed.nn.envelopes import EnvelopeSplitter
from woodshed.nn.shaping import NO_HISS, Shape, hiss_ramp

BAND_COURSE_BANDS, BAND_COURSE_POINTS = 6, 24
_EDGES_HZ = (150.0, 400.0, 1000.0, 2500.0, 6000.0)
_MIDDLES_HZ = (75.0, 245.0, 632.0, 1581.0, 3873.0, 9000.0)
_HIGHS = 2  # the first band that may run as that of another sound
_FIRST_S = 0.006  # the second point; from there on they lie evenly in the log of time
_FAINT = 3.0  # times the power of the floor of a shape; what is fainter is not told apart
_SOUNDING = 1.0  # natural log of power above that, that a band reaches which says anything
_BESIDE = 6.0  # natural log of power, 26 dB below the loudest band of a sound: fainter highs of it may be the room's
_MOST_DOWN = 9.0  # natural log of power, 39 dB
_LOUDEST = 3.0  # of a shape

Floats = npt.NDArray[np.floating]


class BandCourses:
    """Tells how bands run, and brings shapes to it.

    Parameters
    ----------
    splitter
        Gives bands, floor and longest sound.

    Examples
    --------
    >>> splitter = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=False, max_duration_s=1.0)
    >>> courses = BandCourses(splitter)
    >>> fading = torch.linspace(0.0, -9.0, 80)[:, None].expand(-1, 40)
    >>> courses.of(fading).shape
    torch.Size([6, 24])
    >>> lasting = Shape(torch.zeros(80, 40), torch.zeros(80, 1))
    >>> brought = courses.brought(lasting, main=courses.of(fading), highs=courses.of(fading))
    >>> bool((brought.envelope[60] - brought.envelope[0]).max() < -5.0)
    True
    """

    def __init__(self, splitter: EnvelopeSplitter) -> None:
        self.splitter = splitter
        self._faint = _FAINT * math.exp(splitter.floor)
        self._hop_s = splitter.hop_frames / splitter.sample_rate_hz
        longest_s = splitter.most_tokens * splitter.token_steps * self._hop_s
        points_s = np.concatenate([[0.0], np.geomspace(_FIRST_S, longest_s, BAND_COURSE_POINTS - 1)])
        self._points_s = points_s
        self._edges_s = np.concatenate([[0.0], (points_s[1:] + points_s[:-1]) / 2, [longest_s]])  # between them
        centres = splitter.bands.centres_hz
        edges = torch.tensor([0.0, *_EDGES_HZ, math.inf])
        inside = (centres[:, None] >= edges[:-1]) & (centres[:, None] < edges[1:])
        self._gathering = inside * torch.diff(centres, append=centres[-1:] * 1.1)[:, None]  # (bands, 6), in Hz
        self._octaves = np.log2(np.maximum(centres.numpy(), 1.0))
        self._hissing = 2 * hiss_ramp(centres).clamp(min=1e-6).log()  # (bands,) natural log of power

    def of(self, envelope: Tensor) -> Tensor:
        """How loud bands are at points from the beginning to the longest sound's end, evenly in the log of time.

        Parameters
        ----------
        envelope
            Natural log of power, ``(steps, bands)``, of a sound taken apart.

        Returns
        -------
        Tensor
            Natural log of power, ``(6, 24)``: up to 150, 400, 1000, 2500 and 6000 Hz, and above.
        """
        floor = math.exp(self.splitter.floor)
        power = (envelope.exp() - floor).clamp(min=0) @ self._gathering
        total = np.concatenate([np.zeros((1, BAND_COURSE_BANDS)), power.double().cumsum(0).numpy()])
        steps = len(envelope)
        edges = self._edges_s / self._hop_s
        low = np.minimum(np.floor(edges[:-1]), steps).astype(int)
        high = np.minimum(np.maximum(np.ceil(edges[1:]), low + 1), steps).astype(int)
        mean = (total[high] - total[low]) / np.maximum(1, high - low)[:, None]
        return torch.from_numpy(np.log(mean + self._faint)).float().T

    def brought(self, shape: Shape, *, main: Tensor, highs: Tensor) -> Shape:
        """A shape of which no band lasts longer, beside its own loudest moment, than those of known sounds do.

        Bands are turned down alone: what was drawn soft, between sounds, is not blown up.

        Parameters
        ----------
        shape
            As it was drawn. Its hiss becomes part of the envelope.
        main
            As `of` gives it, of the sound that it begins and lasts as.
        highs
            The same of another: from 400 Hz on its bands are followed where those of the first are 26 dB below its
            loudest one, for those may be of the room alone.
        """
        envelope = torch.maximum(shape.envelope, (self._hissing + shape.hiss).clamp(min=self.splitter.floor))
        seconds = len(envelope) * self._hop_s
        weights = torch.from_numpy(np.diff(self._edges_s.clip(max=seconds)).clip(min=1e-9)).float().log()
        loud = torch.logsumexp(main + weights, 1)
        other = (torch.arange(BAND_COURSE_BANDS) >= _HIGHS) & (loud < loud.max() - _BESIDE)
        wanted, own = torch.where(other[:, None], highs, main), self.of(envelope)
        says = (torch.minimum(wanted.amax(1), own.amax(1)) > math.log(self._faint) + _SOUNDING).numpy()
        if not says.any():
            return shape
        wanted, own = (one - one.amax(1, keepdim=True) for one in (wanted, own))
        change = (wanted - own).clamp(-_MOST_DOWN, 0.0).double().numpy()[says]
        steps_s = (np.arange(len(envelope)) + 0.5) * self._hop_s
        over_steps = np.stack([np.interp(steps_s, self._points_s, row) for row in change], axis=1)
        middles = np.log2(_MIDDLES_HZ)[says]
        over_bands = np.stack([np.interp(self._octaves, middles, row) for row in np.eye(len(middles))])
        changed = envelope + torch.from_numpy(over_steps @ over_bands).float()
        return replace(shape, envelope=changed.clamp(self.splitter.floor, _LOUDEST), hiss=NO_HISS)
