"""New attacks: a strike of the model's own, as loud over time and as bright as the one it stands in for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_drawing import redrawn
from woodshed.families.generators._band_flow_hearing import lines_heard, shape_heard
from woodshed.families.generators._band_flow_lending import Decoder
from woodshed.nn import above_bass
from woodshed.roles import NoLenders

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

Floats = npt.NDArray[np.floating]

_KEPT = (0.35, 0.2, 0.1, 0.0)  # how far along the flow the given sound is put back before a strike is drawn, by attempt
_COPY = 0.85  # of the likeness of a strike and the old one, above which it is drawn again
_COPY_LAG_S = 0.005
_ROUNDS = 2  # of matching loudness and colour in turn
_POINTS_S = ((0.0, 0.012), (0.0, 0.003, 0.006, 0.012))  # where lows and highs are made as loud
_SEAMS_S = (0.008, 0.0015)  # over which lows and highs go over into what rings on
RISE_S = 0.0005  # from nothing, or from what rang on
_LEAST_FRAMES = 64
_LEVELLINGS = 3  # of loudness and peak in turn
_HIGHER = 10.0 ** (1.0 / 20)  # how far a new attack may stand above the old one
_MOST_MATCHED = 40.0  # dB
_COLOUR_BANDS = 3  # on either side, over which the colour is matched
_BRIGHTER, _DARKER = 24.0 * math.log(10.0) / 20.0, 48.0 * math.log(10.0) / 20.0  # at most
_MATCHES = 4
_LOW_LAG_S = 0.005  # how far lows are drawn out or squeezed at most, so that they meet those that ring on
_LEAST_REGION = 8  # times that lag is shorter than the strike at least
_MET_S = 0.02  # over which they are compared
_PEAK_S = 0.003  # on either side of a peak, over which it is turned down


class Striker:
    """Draws attacks with one model; nothing is borrowed."""

    def __init__(self, model: BandFlow) -> None:
        self.model, self.splitter = model, model.splitter
        nobody = NoLenders()
        self.decoder = Decoder(model, model.index(nobody), nobody)
        self.rate = model.splitter.sample_rate_hz

    def strike(self, audio: Tensor, *, frames: int, seed: int, class_name: str | None, steps: int) -> Tensor:
        """A new beginning of a sound, that meets the old one ``frames`` after it.

        One that is too much like the old one is drawn again, from farther away.

        Parameters
        ----------
        audio
            ``(channels, frames)`` from the onset on.

        Returns
        -------
        Tensor
            ``(channels, frames)``, as long as the beginning asked for; as loud over time and as bright as that was, its
            lows in phase with those that ring on after it.
        """
        heard = audio[:, : self.model.most_frames]
        old = heard[:, :frames]
        best: tuple[float, Tensor] | None = None
        for attempt, kept in enumerate(_KEPT):
            drawn_seed = derive_seed(seed, "strike", attempt)
            new = self._drawn(heard, kept=kept, seed=drawn_seed, class_name=class_name, steps=steps)
            for _ in range(_ROUNDS):
                begun = as_loud(new[:, :frames], old, rate=self.rate)
                new = self._coloured(torch.cat([begun, new[:, frames:]], -1), heard, frames=frames)
            new = _meeting(new, heard, frames=frames, rate=self.rate)[:, :frames]
            likeness = most_alike(new, old, lag_frames=round(_COPY_LAG_S * self.rate))
            if best is None or likeness < best[0]:
                best = likeness, new
            if likeness <= _COPY:
                break
        assert best is not None
        return best[1]

    def _drawn(self, audio: Tensor, *, kept: float, seed: int, class_name: str | None, steps: int) -> Tensor:
        """A sound of the kind of the given one, of the same length; nothing of its fine structure is taken over."""
        split = self.splitter.split(audio)
        heard = shape_heard(self.model, split)
        tokens = self.model.tokens_of_shape(heard)
        drawn = redrawn(self.model, tokens, time=kept, seed=seed, class_name=class_name, steps=steps)
        shape = self.model.shape_of(drawn, frames=split.frames)
        shape = replace(shape, lines=lines_heard(self.model, split, heard.partials))
        fine = self.model.ringer.spectra(
            shape, frames=split.frames, sides=len(split.spectra), seed=derive_seed(seed, "ring")
        )
        made = self.splitter.join(fine * math.exp(0.5 * split.reference), frames=split.frames)
        return torch.from_numpy(np.asarray(self.decoder.levelled(made.numpy(), shape), dtype=np.float32))

    def _coloured(self, new: Tensor, old: Tensor, *, frames: int) -> Tensor:
        """The new sound as bright, on the whole, as the old one is up to some frame, in mid and side."""
        split = self.splitter.split(new)
        power = [self._band_power(self.splitter.split(one[:, :frames]).spectra) for one in (new, old)]
        change = 0.5 * (power[1].clamp(min=1e-12).log() - power[0].clamp(min=1e-12).log())  # (sides, bands)
        reach = 2 * _COLOUR_BANDS + 1
        smooth = functional.avg_pool1d(change[:, None], reach, 1, _COLOUR_BANDS, count_include_pad=False)[:, 0]
        gain = self.splitter.bands.spread(smooth.clamp(-_DARKER, _BRIGHTER)).exp()
        return self.splitter.join(split.spectra * gain[:, None], frames=split.frames)

    def _band_power(self, spectra: Tensor) -> Tensor:
        return spectra.abs().square().mean(1) @ self.splitter.bands.spreading.T


def joined(strike: Tensor, ringing: Tensor, old: Tensor, *, rate: int, from_nothing: bool, goes_on: bool) -> Tensor:
    """A strike that goes over into what rings on, as loud over time as the old one and hardly higher anywhere.

    Lows go over slowly, since a wave of theirs is long; highs at once, since backwards they do not ring on.

    Parameters
    ----------
    strike, ringing, old
        ``(channels, frames)``, all of one length.
    from_nothing
        Whether it begins from silence, not from what rings on to there.
    goes_on
        Whether anything follows that it must go over into.
    """
    frames = strike.shape[-1]
    seams = [min(round(seam_s * rate), frames // 2) if goes_on else 0 for seam_s in _SEAMS_S]
    parts = []
    for mine, theirs, seam in zip(_apart(strike, rate), _apart(ringing, rate), seams, strict=True):
        share = torch.cat([torch.ones(frames - seam), _fall(seam)])
        parts.append(mine * share + theirs * (1 - share))
    sooner = 1 - _fall(min(frames, round(RISE_S * rate)))
    begun = torch.cat([sooner, torch.ones(frames - len(sooner))])
    new = (parts[0] + parts[1]) * begun + (0.0 if from_nothing else ringing * (1 - begun))
    peak = _HIGHER * float(old.abs().max())
    for _ in range(_LEVELLINGS):
        new = no_higher(as_loud(new, old, rate=rate, held=seams), peak=peak, rate=rate, held=max(seams))
    return new


def as_loud(new: Tensor, old: Tensor, *, rate: int, held: Sequence[int] = (0, 0)) -> Tensor:
    """A beginning as loud over time, roughly, as another of the same length, below 700 Hz and above.

    Parameters
    ----------
    new, old
        ``(channels, frames)``.
    held
        Frames at the end of lows and of highs over which the change comes to nothing.

    Examples
    --------
    >>> loud = as_loud(torch.full((1, 4410), 0.1), torch.full((1, 4410), 0.4), rate=44100)
    >>> round(float(loud.mean()), 2)
    0.4
    """
    parts = zip(_apart(new, rate), _apart(old, rate), _POINTS_S, held, strict=True)
    low, high = (_levelled(mine, theirs, points, rate=rate, held=size) for mine, theirs, points, size in parts)
    return low + high


def _levelled(new: Tensor, old: Tensor, points_s: tuple[float, ...], *, rate: int, held: int) -> Tensor:
    frames = new.shape[-1]
    at = np.arange(frames)
    places = _places(points_s, frames, rate=rate)
    hats = np.stack([np.interp(at, places, row) for row in np.eye(len(places))])  # together one everywhere
    wanted = _levels_db(old, hats)
    ending = _ending(frames, held)
    out, total = new, np.zeros(len(places))
    for _ in range(_MATCHES):
        total = np.clip(total + wanted - _levels_db(out, hats), -_MOST_MATCHED, _MOST_MATCHED)
        gain_db = np.interp(at, places, total) * ending
        out = new * torch.from_numpy((10 ** (gain_db / 20)).astype(np.float32))
    return out


def no_higher(audio: Tensor, *, peak: float, rate: int, held: int = 0) -> Tensor:
    """The sound turned down around whatever stands above a peak; less so over what is held at its end.

    Examples
    --------
    >>> round(float(no_higher(torch.tensor([[0.1, 1.0, 0.1]]), peak=0.5, rate=44100).max()), 3)
    0.5
    """
    reach = max(1, round(_PEAK_S * rate))
    needed = torch.minimum(torch.ones(()), peak / audio.abs().amax(0).clamp(min=1e-9))
    if bool((needed >= 1.0).all()):
        return audio
    least = -functional.max_pool1d(-needed[None, None], 2 * reach + 1, 1, reach)
    window = torch.hann_window(2 * reach + 3, periodic=False)[1:-1]
    longer = functional.pad(least, (reach, reach), mode="replicate")
    gain = functional.conv1d(longer, (window / window.sum())[None, None])[0, 0]
    return audio * (1 - (1 - gain) * torch.from_numpy(_ending(audio.shape[-1], held)).float())


def most_alike(one: Tensor, other: Tensor, *, lag_frames: int) -> float:
    """The largest normalised correlation of two sounds, whichever is a little later, 0 to 1.

    Examples
    --------
    >>> wave = torch.sin(torch.arange(1000) * 0.1)[None]
    >>> most_alike(wave, -wave.roll(3, -1), lag_frames=5) > 0.98
    True
    """
    first, second = (some.double().mean(0).numpy() for some in (one, other))
    size = 2 * len(first)
    spectrum = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    likeness = np.abs(np.fft.irfft(spectrum, size))
    near = np.concatenate([likeness[: lag_frames + 1], likeness[size - lag_frames :]])
    return float(near.max() / math.sqrt((first**2).sum() * (second**2).sum() + 1e-20))


def _places(points_s: tuple[float, ...], frames: int, *, rate: int) -> Floats:
    """In frames: the points given, from the last of them on one every octave of time, and the end."""
    later = (points_s[-1] * 2.0**n for n in range(1, 12))
    return np.array([*(s * rate for s in (*points_s, *later) if s * rate < 0.75 * frames), float(frames)])


def _apart(audio: Tensor, rate: int) -> tuple[Tensor, Tensor]:
    """What lies below 700 Hz and above; what is too short for that is all above."""
    if audio.shape[-1] < _LEAST_FRAMES:
        return torch.zeros_like(audio), audio
    high = torch.from_numpy(above_bass(audio.double().numpy(), rate).astype(np.float32))
    return audio - high, high


def _fall(count: int) -> Tensor:
    """From just below 1 to just above 0, smooth at both ends."""
    return torch.cos((torch.arange(count) + 0.5) / max(1, count) * math.pi / 2).square()


def _ending(frames: int, held: int) -> Floats:
    """Ones that fall to 0 over what is held at the end, ``(frames,)``."""
    return np.clip((frames - 1 - np.arange(frames)) / max(1, held), 0, 1) if held else np.ones(frames)


def _levels_db(audio: Tensor, hats: Floats) -> Floats:
    power = audio.double().square().mean(0).numpy()
    return 10 * np.log10((hats @ power) / hats.sum(1).clip(1e-9) + 1e-12)


def _meeting(new: Tensor, old: Tensor, *, frames: int, rate: int) -> Tensor:
    """The new sound with its lows a little drawn out or squeezed, so that they go over into the old ones' in phase."""
    size = round(_MET_S * rate)
    most = min(round(_LOW_LAG_S * rate), frames // _LEAST_REGION)
    low, high = (part.numpy() for part in _apart(new, rate))
    known = _apart(old, rate)[0].numpy()[:, frames : frames + size]
    if most < 1 or known.shape[-1] < size or frames + size + most > low.shape[-1]:
        return new
    lags = np.arange(-most, most + 1)
    likeness = np.array([_likeness(low[:, frames + lag : frames + lag + size], known) for lag in lags])
    best = int(np.argmax(np.abs(likeness)))
    speed = (frames + lags[best]) / frames
    at = np.arange(low.shape[-1])
    warped = np.stack([np.interp(at * speed, at, row) for row in low])
    sign = 1.0 if likeness[best] >= 0 else -1.0
    return torch.from_numpy((sign * (warped + high)).astype(np.float32))


def _likeness(one: Floats, other: Floats) -> float:
    return float((one * other).sum() / math.sqrt((one**2).sum() * (other**2).sum() + 1e-20))
