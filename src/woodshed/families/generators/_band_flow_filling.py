"""Parts of a sound drawn anew so that they fit the rest: the model draws the shape, the sound itself rings on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed
from woodshed.dsp import extrapolated, first_onset_s
from woodshed.families.generators._band_flow_drawing import checked_audio, fitted, steps_over
from woodshed.families.generators._band_flow_seams import EDGE_STEPS, evening, level_before
from woodshed.families.generators._band_flow_striking import RISE_S, Striker, as_loud, joined, no_higher
from woodshed.nn import Shape, Shaper, Split, sounding_span
from woodshed.roles import Made
from woodshed.sampling import seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

ROUNDS = 3  # how often each step of the flow is gone over
_SEAM_S = 0.008  # inside a region: from what rings on to what was drawn
_BAND_SEAM_S = 0.02
_FALL_S = 0.005  # where a region ends the sound
_LOUDER = 12.0 * math.log(10.0) / 10.0  # how much louder than the rest a region may have been to count as its measure
_RING_STEPS = 9  # about 50 ms: what has not died away by then is a tone
_RING_LOSS = 15.0 * math.log(10.0) / 10.0
_TONE_GAIN, _NOISE_GAIN = 60.0 * math.log(10.0) / 20.0, 12.0 * math.log(10.0) / 20.0
_NEAR_STEPS = 40
_EVENED_S = 0.3  # how long after the end of a sound its own level still counts
_NOTHING = 1e-5
_BAND_EDGE = 2.0 ** (1 / 12)

Region = tuple[int, int]


@dataclass(frozen=True)
class _Task:
    """One sound with regions to fill, in frames of its sounding part; ``unknown`` marks steps and bands.

    It begins at its ``onset``.
    """

    audio: Tensor
    regions: list[Region]
    band_hz: tuple[float, float] | None
    unknown: Tensor
    onset: int
    seed: int
    class_name: str | None
    steps: int


class Filler:
    """Fills regions of sounds with one model; nothing is borrowed from others."""

    def __init__(self, model: BandFlow) -> None:
        self.model, self.splitter = model, model.splitter
        self.shaper = Shaper(model.splitter)
        self.rate = model.splitter.sample_rate_hz

    @torch.no_grad()
    def fill(
        self,
        sound: Sound,
        *,
        regions: Sequence[Region],
        band_hz: tuple[float, float] | None,
        seed: int,
        class_name: str | None,
        steps: int,
    ) -> Made:
        """See `Fills.fill`."""
        self.model.class_row(class_name)
        merged = merged_regions(regions, frames=sound.frames)
        _check_band(band_hz, self.rate)
        [data] = checked_audio(self.model, [sound])
        start, stop = sounding_span(data, sample_rate_hz=self.rate)
        start, stop = min(start, merged[0][0]), max(stop, merged[-1][1])
        own = [(a - start, b - start) for a, b in merged]
        unknown = self._unknown(stop - start, own, band_hz)
        onset = round(first_onset_s(data[:, start:stop].numpy(), self.rate) * self.rate)
        task = _Task(data[:, start:stop], own, band_hz, unknown, onset, seed, class_name, steps)
        heard = self._filled(task)
        audio = torch.cat([data[:, :start], heard, data[:, stop:]], dim=-1)
        return Made(Sound(audio.numpy(), sound.sample_rate_hz), class_name=class_name)

    def _filled(self, task: _Task) -> Tensor:
        hollow = self._hollow(task)
        known = self._known(task, hollow)
        heard = self.model.tokens_of(known)
        tokens = self._drawn(task, heard)
        target = self._evened(task, known, self.model.shape_of(tokens, frames=known.frames))
        ringing = hollow if task.band_hz else self._rung_on(hollow, task.regions)
        carrier = task.audio if task.band_hz else ringing
        new = self._under(carrier, target, self._rougher(task, known, heard), seed=task.seed)
        new = new * min(1.0, max(1.0, float(task.audio.abs().max())) / max(1e-9, float(new.abs().max())))
        if task.band_hz:
            new = self._struck(task, task.audio, new)
            return task.audio - self._in_band(task.audio, task) + self._as_loud_in_band(new, task)
        return self._struck(task, ringing, self._spliced(task, ringing, new))

    # -- what is known

    def _hollow(self, task: _Task) -> Tensor:
        """The sound without what its regions hold."""
        if task.band_hz:
            return task.audio - self._in_band(task.audio, task)
        hollow = task.audio.clone()
        for start, stop in task.regions:
            hollow[:, start:stop] = 0.0
        return hollow

    def _known(self, task: _Task, hollow: Tensor) -> Split:
        """The hollow sound taken apart, measured against the loudest moment of the whole."""
        split, whole = self.splitter.split(hollow), self.splitter.split(task.audio)
        if float(hollow.abs().max()) < 1e-5:
            return replace(split, reference=whole.reference)
        reference = min(max(whole.reference, split.reference), split.reference + _LOUDER)
        quieter = split.envelope + (split.reference - reference)
        floor = torch.full_like(quieter, self.splitter.floor)
        envelope = torch.where(quieter < self.splitter.floor, floor, quieter)
        return replace(split, envelope=envelope, reference=reference)

    def _unknown(self, frames: int, regions: Sequence[Region], band_hz: tuple[float, float] | None) -> Tensor:
        """Which steps and bands hold anything of a region, ``(steps, bands)``."""
        hop = self.splitter.hop_frames
        times = torch.zeros(steps_over(self.model, frames), dtype=torch.bool)
        for start, stop in regions:  # slice t covers frames from (t - 1) to (t + 1) hops
            times[start // hop : -(-stop // hop) + 1] = True
        centres = self.splitter.bands.centres_hz
        bands = torch.ones_like(centres, dtype=torch.bool)
        if band_hz:
            low, high = band_hz
            bands = (centres >= low) & (centres <= high)
            bands[(centres - math.sqrt(low * high)).abs().argmin()] = True
        return times[:, None] & bands[None]

    # -- what is drawn

    def _drawn(self, task: _Task, heard: Tensor) -> Tensor:
        """Tokens of all that is heard, unknown ones drawn; window by window where it is longer than the model's."""
        size, most = self.splitter.token_steps, self.splitter.most_tokens
        tokens, unknown = heard.clone(), task.unknown.clone()
        count = len(tokens)
        while True:
            open_ = [n for n in range(count) if bool(unknown[n * size : (n + 1) * size].any())]
            if not open_:
                return tokens
            first = min(max(0, open_[0] - most // 2), max(0, count - most))
            stop = min(count, first + most)
            rows = slice(first * size, stop * size)
            new = self._fitted(task, tokens[first:stop], unknown[rows], first=first)
            done = stop if stop == count or open_[-1] < stop else open_[0] + max(1, (stop - open_[0]) // 2)
            tokens[open_[0] : done] = new[open_[0] - first : done - first]
            unknown[open_[0] * size : done * size] = False

    def _fitted(self, task: _Task, tokens: Tensor, unknown: Tensor, *, first: int) -> Tensor:
        """One window drawn anew where it is unknown; what it knows is put back at every step."""
        steps = len(unknown)
        frames = (steps - 1) * self.splitter.hop_frames
        kept = self.model.shape_of(tokens, frames=frames)
        anew = torch.tensor([bool(some.any()) for some in unknown.split(self.splitter.token_steps)])

        def keep(guess: Tensor) -> Tensor:
            drawn = self.model.shape_of(guess, frames=frames)
            times = unknown.any(1, keepdim=True)
            mixed = replace(
                drawn,
                envelope=torch.where(unknown, drawn.envelope, kept.envelope),
                width=torch.where(times, drawn.width, kept.width),
            )
            change = self.model.tokens_of_shape(mixed) - self.model.tokens_of_shape(drawn)
            return torch.where(anew[:, None], guess + change, tokens)

        return fitted(
            self.model,
            keep,
            tokens=len(tokens),
            dims=tokens.shape[-1],
            seed=derive_seed(task.seed, "window", first),
            class_name=task.class_name,
            steps=task.steps,
            rounds=ROUNDS,
        )

    def _evened(self, task: _Task, known: Split, target: Shape) -> Shape:
        """What was drawn, moved so that each band goes on from where the known sound leaves it."""
        envelope = target.envelope.clone()
        for first, stop in _runs(task.unknown.any(1)):
            before = level_before(known.envelope[:first]) if first >= EDGE_STEPS else None
            after = known.envelope[stop : stop + EDGE_STEPS]
            change = evening(
                envelope[first:stop],
                before=before,
                after=after.mean(0) if len(after) == EDGE_STEPS else None,
                floor=self.splitter.floor,
                fading_steps=_EVENED_S * self.rate / self.splitter.hop_frames,
            )
            envelope[first:stop] += torch.where(task.unknown[first:stop], change, 0.0)
        return replace(target, envelope=envelope.clamp(self.splitter.floor, 3.0))

    def _rougher(self, task: _Task, known: Split, tokens: Tensor) -> Tensor:
        """The reference for tones and for noise, ``(2, bands)``: near the regions the sound may be rougher than smooth.

        A smooth envelope is a mean of logarithms; where a band flutters, its mean power is higher.
        """
        reference = torch.full((2, self.splitter.band_count), known.reference)
        heard = ~task.unknown & (known.envelope > self.splitter.floor + 1.0)
        smooth = self.model.shape_of(tokens, frames=known.frames).envelope
        near = heard & _near(task.unknown.any(1), _NEAR_STEPS)[:, None]
        power = [(some.exp() * near).sum(0).clamp(min=1e-12).log() for some in (known.envelope, smooth)]
        rougher = torch.where(near.sum(0) >= EDGE_STEPS, power[0] - power[1], 0.0)
        reference[1] += rougher.clamp(-0.7, 1.2)
        return reference

    # -- what rings on

    def _rung_on(self, hollow: Tensor, regions: Sequence[Region]) -> Tensor:
        """Each region filled with what rings on from before it and, run backwards, from after it."""
        audio = hollow.clone()
        bounds = [*[start for start, _ in regions[1:]], audio.shape[-1]]
        for (start, stop), end in zip(regions, bounds, strict=True):
            sides = _mid_side(audio)
            ahead = extrapolated(sides[:, :start].numpy(), frames=stop - start)
            back = extrapolated(sides[:, stop:end].flip(-1).numpy().copy(), frames=stop - start)[:, ::-1]
            angle = np.linspace(0, math.pi / 2, stop - start, dtype=np.float32)
            rung = ahead * (np.cos(angle) if end > stop else 1.0) + back * (np.sin(angle) if start > 0 else 1.0)
            audio[:, start:stop] = _left_right(torch.from_numpy(np.ascontiguousarray(rung)).float())
        return audio

    def _under(self, carrier: Tensor, target: Shape, reference: Tensor, *, seed: int) -> Tensor:
        """A carrier under the target's shape: tones are turned up as far as they must, all else is filled with noise.

        ``reference`` is the natural log of the power that the target's 0 stands for, and of the power of noise there,
        ``(2, bands)``.
        """
        split = self.splitter.split(carrier)
        own = self.model.shape_of(self.model.tokens_of(split), frames=split.frames)
        wanted = (target.envelope - own.envelope + reference[0] - split.reference) / 2  # (steps, bands)
        gain = torch.minimum(wanted, self._most_gain(split))
        lacking = (1 - (2 * (gain - wanted)).exp()).clamp(min=0).sqrt()
        bands, sides = self.splitter.bands, len(split.spectra)
        turned = split.spectra * bands.spread(gain).exp()
        if sides == 2:
            wider = self.splitter.width_over_bands(target.width - own.width) / 2
            turned[1] = split.spectra[1] * bands.spread((gain + wider).clamp(max=_TONE_GAIN)).exp()
        noise = self.shaper.noise(target, sides=sides, generator=seeded_generator(seed, "absent"))
        noise = noise * bands.spread(lacking * (0.5 * reference[1]).exp())
        return self.splitter.join(turned + noise, frames=split.frames)

    def _most_gain(self, split: Split) -> Tensor:
        """How far each moment of each band may be turned up: far where it rings like a tone, ``(steps, bands)``."""
        envelope = split.envelope
        later = torch.cat([envelope[_RING_STEPS:], envelope[-1:].expand(min(_RING_STEPS, len(envelope)), -1)])
        before = torch.cat([envelope[:1].expand(min(_RING_STEPS, len(envelope)), -1), envelope[:-_RING_STEPS]])
        loss = (before[: len(envelope)] - later[: len(envelope)]) / 2
        audible = envelope > self.splitter.floor + 2.0
        return torch.where((loss < _RING_LOSS) & audible, _TONE_GAIN, _NOISE_GAIN)

    # -- put together

    def _spliced(self, task: _Task, ringing: Tensor, new: Tensor) -> Tensor:
        """The sound with its regions filled; at each seam what rings on goes over into what was drawn."""
        audio = task.audio.clone()
        frames = audio.shape[-1]
        for start, stop in task.regions:
            seam = min(round(_SEAM_S * self.rate), (stop - start) // 2)
            share = torch.ones(stop - start)
            ends = torch.ones(stop - start)
            if start > 0:
                share[:seam] *= _rise(seam)
            else:
                ends *= _edge(stop - start, round(RISE_S * self.rate))
            if stop < frames:
                share[stop - start - seam :] *= _rise(seam).flip(0)
            else:
                ends *= _edge(stop - start, round(_FALL_S * self.rate)).flip(0)
            region = slice(start, stop)
            audio[:, region] = (ringing[:, region] * (1 - share) + new[:, region] * share) * ends
        return audio

    # -- attacks

    def _struck(self, task: _Task, ringing: Tensor, audio: Tensor) -> Tensor:
        """What was drawn, with a new attack in the region that holds the sound's own, if one does.

        What comes before the attack is as loud as it was; silence that ends with its region is filled all the same.
        """
        audio = audio.clone()
        for start, stop in task.regions:
            struck = start <= task.onset < stop <= task.onset + self.model.most_frames
            before = slice(start, min(task.onset, stop))
            if before.stop > start and (struck or float(task.audio[:, before].abs().max()) > _NOTHING):
                audio[:, before] = self._held_back(audio[:, before], task.audio[:, before], fades=struck)
            if struck:
                audio[:, task.onset : stop] = self._strike(task, ringing, start, stop)
        return audio

    def _held_back(self, drawn: Tensor, old: Tensor, *, fades: bool) -> Tensor:
        """What was drawn before an attack, as loud as what was there, and no higher."""
        frames, peak = drawn.shape[-1], float(old.abs().max())
        held = 0 if fades else min(round(RISE_S * self.rate), frames // 2)
        loud = as_loud(drawn, old, rate=self.rate, held=(held, held))
        loud = no_higher(loud, peak=peak, rate=self.rate, held=held)
        return loud * _edge(frames, round(RISE_S * self.rate)).flip(0) if fades else loud

    def _strike(self, task: _Task, ringing: Tensor, start: int, stop: int) -> Tensor:
        """A new beginning from the onset up to where a region ends, going over into what rings on there."""
        old, size = task.audio[:, task.onset :], stop - task.onset
        new = Striker(self.model).strike(old, frames=size, seed=task.seed, class_name=task.class_name, steps=task.steps)
        return joined(
            new,
            ringing[:, task.onset : stop],
            old[:, :size],
            rate=self.rate,
            from_nothing=start == 0 or task.onset > start,
            goes_on=stop < task.audio.shape[-1],
        )

    def _as_loud_in_band(self, new: Tensor, task: _Task) -> Tensor:
        """What of a new sound lies in the band and in the regions; an attack is as loud there as it was."""
        banded, old = self._in_band(new, task), self._in_band(task.audio, task)
        for start, stop in task.regions:
            if start <= task.onset < stop:
                inside = slice(task.onset, stop)
                banded[:, inside] = as_loud(banded[:, inside], old[:, inside], rate=self.rate)
                banded = self._in_band(banded, task)  # gains that follow an attack spread beyond the band
        return banded

    def _in_band(self, audio: Tensor, task: _Task) -> Tensor:
        """What of a sound lies in the band and in the regions, ``(channels, frames)``."""
        assert task.band_hz is not None
        frames = audio.shape[-1]
        size = 2 * frames
        hz = torch.fft.rfftfreq(size, 1 / self.rate)
        low, high = task.band_hz
        inside = _ramp(hz, low, low * _BAND_EDGE) * (1 - _ramp(hz, high / _BAND_EDGE, high))
        banded = torch.fft.irfft(torch.fft.rfft(audio, n=size) * inside, n=size)[:, :frames]
        window = torch.zeros(frames)
        for start, stop in task.regions:
            seam = min(round(_BAND_SEAM_S * self.rate), (stop - start) // 2)
            sooner = min(seam, max(task.onset - start, round(RISE_S * self.rate))) if start <= task.onset else seam
            window[start:stop] = _edge(stop - start, sooner) * _edge(stop - start, seam).flip(0)
        return banded * window


def _runs(marked: Tensor) -> list[Region]:
    """Where marks begin and end."""
    padded = torch.cat([torch.zeros(1, dtype=torch.bool), marked, torch.zeros(1, dtype=torch.bool)]).int()
    turns = torch.nonzero(padded.diff()).flatten().tolist()
    return list(zip(turns[::2], turns[1::2], strict=True))


def _near(marked: Tensor, steps: int) -> Tensor:
    """Marks spread by so many steps to either side."""
    return torch.nn.functional.max_pool1d(marked.float()[None, None], 2 * steps + 1, 1, steps)[0, 0] > 0


def merged_regions(regions: Sequence[Region], *, frames: int) -> list[Region]:
    """Regions in order, those that touch made one.

    Raises
    ------
    UsageError
        If there is none, or one is empty or lies outside the sound.

    Examples
    --------
    >>> merged_regions([(50, 90), (10, 20), (15, 30)], frames=100)
    [(10, 30), (50, 90)]
    """
    merged: list[Region] = []
    for start, stop in sorted(regions):
        if not 0 <= start < stop <= frames:
            raise UsageError(
                f"The region from frame {start} to {stop} cannot be filled",
                cause=f"the sound has {frames} frames, and a region ends after it begins",
                way_out="choose a region inside the sound",
            )
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    if not merged:
        raise UsageError("No region was named", cause="there is nothing to fill", way_out="name one: 0.1:0.2")
    return merged


def _check_band(band_hz: tuple[float, float] | None, rate: int) -> None:
    if band_hz is not None and not 0 <= band_hz[0] < band_hz[1]:
        raise UsageError(
            f"There is no band from {band_hz[0]:g} to {band_hz[1]:g} Hz",
            cause="it is empty or upside down",
            way_out=f"give the lower frequency first, up to {rate // 2} Hz",
        )


def _mid_side(audio: Tensor) -> Tensor:
    return audio if len(audio) == 1 else torch.stack([audio[0] + audio[1], audio[0] - audio[1]]) / 2


def _left_right(sides: Tensor) -> Tensor:
    return sides if len(sides) == 1 else torch.stack([sides[0] + sides[1], sides[0] - sides[1]])


def _rise(count: int) -> Tensor:
    """From just above 0 to just below 1, smooth at both ends."""
    return torch.sin((torch.arange(count) + 0.5) / max(1, count) * math.pi / 2).square()


def _edge(count: int, rise: int) -> Tensor:
    """Ones that rise smoothly from 0 at their start."""
    edge = torch.ones(count)
    rise = min(rise, count)
    edge[:rise] = _rise(rise)
    return edge


def _ramp(hz: Tensor, low: float, high: float) -> Tensor:
    """0 below the first frequency, 1 above the second, smooth between."""
    place = ((hz - low) / max(1e-6, high - low)).clamp(0, 1)
    return torch.sin(place * math.pi / 2).square()
