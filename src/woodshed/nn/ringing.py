"""Fine structure made, not borrowed: partials that ring and glide, noise in what they leave over, a side for both."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from woodshed.nn.lapped import lapped, window_power
from woodshed.nn.partials import HARMONIC_SPANS, Partials, highest_rung_hz
from woodshed.nn.shaping import Shape, Shaper, lean_of, leaned_over, narrow

_SINE_GAIN = 0.122  # amplitude of a sine that fills a band one bin wide
_ONE_BIN = 1.5  # bins, within which sines share one
_WIDENING = 0.83  # exponent by which that grows with the bins of a band
_PERIODS = 2.5  # over which the level of a low line is steadied
_ATTACK_STEPS = 2
_WIDEST = 4  # steps on either side over which levels are steadied
_LEAKING_BINS = 48
_TELLING_HZ = 1000.0  # at twice this and above, noise tells as a share of tone
_NOISE_TELLS = 0.4  # this much, beside what was taken off when modes were looked for
_GATHERED_HZ = 800.0  # noise well below is given to the lines beside it
_BESIDE, _FAR_FROM = 0.75, 1.5  # octaves from a line, up to which noise is given to it in full, and from which none is
_MOST_GIVEN = 4.0  # times the power of the lines
_PURE_FROM, _PURE, _IMPURE = 0.8, 0.92, 0.35  # shares of tone that are told too small, and what is left of their noise
_STRUCK_HZ = 400.0  # modes below begin together, at phase 0
_LONGEST_RISE_S = 0.002  # a line begins within a quarter of its wave, so that it does not click
_TURN = 0.35  # radians by which the side's phase wanders from bin to bin
_LAST = HARMONIC_SPANS[-1][1]  # line of a series that is rung; above it is buzz
_CLEAR_OF_TOP = 0.05  # of half the rate, over which what sweeps from above is faded in
_SETTLING = 4  # rounds that undo what the windows smear


@dataclass(frozen=True)
class _Lines:
    """Sines to ring: where they settle in Hz, the share of tone of each per step, and how much louder it is."""

    hz: Tensor  # (lines,)
    shares: Tensor  # (steps, lines)
    course: Tensor  # (steps,) of the settled frequency
    series_hz: float | None = None  # the fundamental, if they are a harmonic series
    gain: Tensor | float = 1.0  # of amplitude, (steps, lines)

    @property
    def harmonic(self) -> bool:
        """Whether they are a series."""
        return self.series_hz is not None


class Ringer:
    """Makes the fine structure of a shape.

    Parameters
    ----------
    shaper
        Gives splitter, bands and noise.
    """

    def __init__(self, shaper: Shaper) -> None:
        self.shaper = shaper
        self.splitter = shaper.splitter
        splitter = self.splitter
        rate_per_bin = splitter.sample_rate_hz / (2 * splitter.hop_frames)
        centres = splitter.bands.centres_hz
        spans = (torch.diff(centres, append=centres[-1:] * 1.1) / rate_per_bin).clamp(min=1.0)
        self._sine_gain = _SINE_GAIN * (spans**_WIDENING @ splitter.bands.spreading).sqrt()  # (bins,)

    def spectra(self, shape: Shape, *, frames: int, sides: int, seed: int, gathered: bool = False) -> Tensor:
        """Spectra of a new sound of this shape, ``(sides, steps, bins)``.

        Parameters
        ----------
        gathered
            Whether noise around modes below 800 Hz is given to these, the more the more they are tone, and shares of
            tone near 1 are raised a little. For what is new altogether: with the envelope of one drum and the modes of
            another, it would rumble where neither rings. Harmonic series are left as they are.
        """
        if sides == 2 and narrow(shape):
            mid = self.spectra(shape, frames=frames, sides=1, seed=seed, gathered=gathered)
            return leaned_over(torch.cat([mid, torch.zeros_like(mid)]), lean=shape.lean)
        generator = torch.Generator().manual_seed(seed)
        sharp = replace(shape, envelope=unsmeared(shape.envelope))
        noise = self.shaper.noise(sharp, sides=sides, generator=generator)
        lines = self._lines(sharp, purer=gathered)
        if lines is None:
            return leaned_over(noise, lean=shape.lean)
        drawn = self.splitter.bands.spread(sharp.envelope)
        left = self._left_over(lines, drawn, bins=noise.shape[-1])
        if gathered and not lines.harmonic:
            left, lines = self._gathered(left, lines, drawn)
        tone = lapped(self._ring(lines, sharp, frames=frames, generator=generator)[None], hop_frames=self._hop)
        if lines.series_hz is not None:
            buzz, share = self._buzz(sharp, lines, first_hz=lines.series_hz, bins=noise.shape[-1])
            tone, left = tone + buzz, left * (1 - share)
        noise = noise * left.sqrt()
        if sides == 1:
            return noise + tone
        bins = tone.shape[-1]
        turns = torch.cumsum(torch.randn(bins, generator=generator) * _TURN, 0) + math.pi / 2
        side = tone * torch.polar(torch.ones(bins), turns) * self.shaper.side_gain(sharp)
        both = noise + torch.cat([tone, side])
        return leaned_over(both, lean=shape.lean - lean_of(both))

    @property
    def _hop(self) -> int:
        return self.splitter.hop_frames

    @property
    def _top_hz(self) -> float:
        return highest_rung_hz(self.splitter.sample_rate_hz)

    def _lines(self, shape: Shape, *, purer: bool) -> _Lines | None:
        partials = shape.partials
        if partials is None:
            return None
        hz, modes = _settled_lines(partials, top_hz=self._top_hz)
        if not len(hz):
            return None
        seconds = torch.arange(shape.steps) * self._hop / self.splitter.sample_rate_hz
        told = partials.shares_at(torch.arange(shape.steps) / self.splitter.token_steps)[:, modes]
        course = partials.course(seconds)
        shares = told if partials.harmonic else rung_shares(told, hz)  # of a series noise tells little
        shares = purer_shares(shares, hz) if purer and not partials.harmonic else shares
        shares = shares * _below(hz * course[:, None], top_hz=0.5 * self.splitter.sample_rate_hz)
        rung = shares.amax(0) > 0
        if not bool(rung.any()):
            return None
        first_hz = float(partials.frequencies_hz[0]) if partials.harmonic else None
        return _Lines(hz[rung], shares[:, rung], course, first_hz)

    def _left_over(self, lines: _Lines, drawn: Tensor, *, bins: int) -> Tensor:
        """What is left for noise, of the power of every bin, ``(steps, bins)``; ``drawn`` is its natural log.

        A line takes its own bins, and of those around it what the window leaks into them; of a series those up to half
        way to the next line too: there is no noise between them.
        """
        places = self._places(lines)
        taken = places.new_zeros(len(places), bins)
        for offset in range(-1, 3):  # the only bins near enough
            bin_ = places.floor() + offset
            near = (1 - ((bin_ - places).abs() - 0.75).clamp(min=0)).clamp(min=0)
            taken.scatter_reduce_(1, bin_.long().clamp(0, bins - 1), near * lines.shares, "amax")
        if lines.series_hz is not None:
            shares = taken.new_zeros(len(taken), _LAST + 2)  # by number; none below the first and above the last
            shares[:, (lines.hz / lines.series_hz).round().long()] = lines.shares
            nearest = self._numbers(lines, first_hz=lines.series_hz, bins=bins).round().long().clamp(max=_LAST + 1)
            taken = torch.maximum(taken, shares.gather(1, nearest))
        reach = min(bins, _LEAKING_BINS)
        tone = self._tone(lines, drawn)
        leak = (tone[:, None, :] * window_power(torch.arange(reach)[None, :, None] - places[:, None, :])).sum(-1)
        leaked = (leak / drawn[:, :reach].exp().clamp(min=1e-12)).clamp(max=1)
        taken[:, :reach] = torch.maximum(taken[:, :reach], leaked)
        return 1 - taken

    def _gathered(self, left: Tensor, lines: _Lines, drawn: Tensor) -> tuple[Tensor, _Lines]:
        """Less noise beside low lines, the more these are tone, and all low lines as much louder, by 6 dB at most."""
        low = lines.hz < _GATHERED_HZ
        if not bool(low.any()):
            return left, lines
        hz = torch.arange(round(_GATHERED_HZ * self._per_hz) + 1).clamp(min=0.5) / self._per_hz
        at = (lines.hz[None, low] * lines.course[:, None]).log2()  # (steps, low lines)
        above = hz.log2()[None, :, None] - at[:, None]  # (steps, bins, low lines), in octaves
        lowest = (at == at.amin(1, keepdim=True))[:, None]  # below it there is nothing else
        far = torch.where(lowest & (above < 0), 0.0, above.abs())
        near = ((_FAR_FROM - far) / (_FAR_FROM - _BESIDE)).clamp(0, 1)
        tonal = (lines.shares[:, None, low] * near).amax(-1) * _lowness(hz)
        kept = left.clone()
        kept[:, : len(hz)] *= 1 - tonal
        given = (drawn.exp() * (left - kept)).sum(1)
        tone = self._tone(lines, drawn)[:, low].sum(1)
        louder = ((tone + given) / tone.clamp(min=1e-9)).clamp(1.0, _MOST_GIVEN).sqrt()
        return kept, replace(lines, gain=torch.where(low, louder[:, None], 1.0))

    def _buzz(self, shape: Shape, lines: _Lines, *, first_hz: float, bins: int) -> tuple[Tensor, Tensor]:
        """What buzzes above the last line of a series, ``(steps, bins)``, and which share it is of what there is.

        As much as the last lines are tone, and less by the root of the number, higher up.
        """
        last = self._last_number(first_hz)
        number = self._numbers(lines, first_hz=first_hz, bins=bins)
        if round(float(lines.hz[-1]) / first_hz) < last:  # already below it is noise
            return torch.zeros_like(number), torch.zeros_like(number)
        share = lines.shares[:, -1:] * (last / number.clamp(min=last)).sqrt() * (number - last).clamp(0, 1)
        hz = (first_hz * lines.course[1:]).repeat_interleave(self._hop)
        pulses = lapped(pulse_train(hz, sample_rate_hz=self.splitter.sample_rate_hz)[None], hop_frames=self._hop)[0]
        power = _smoothed(self.shaper.loudness(shape).square(), int(self._spans(torch.tensor(first_hz))))
        power[:_ATTACK_STEPS] *= min(1.0, first_hz * self._hop / self.splitter.sample_rate_hz)  # all of one click
        return pulses * (power * share).sqrt(), share

    def _last_number(self, first_hz: float) -> int:
        """Of the last line of a series that is rung by itself."""
        return min(_LAST, math.ceil(self._top_hz / first_hz) - 1)

    def _numbers(self, lines: _Lines, *, first_hz: float, bins: int) -> Tensor:
        """Where bins lie in a series, its fundamental being 1, ``(steps, bins)``."""
        return torch.arange(bins) / self._per_hz / (first_hz * lines.course[:, None])

    def _tone(self, lines: _Lines, drawn: Tensor) -> Tensor:
        """The power of every line, ``(steps, lines)``."""
        low = self._places(lines).floor().long().clamp(max=drawn.shape[1] - 1)
        power = drawn.gather(1, low).exp() * lines.shares * self._widening(low)
        return power if lines.series_hz is None else power / self._series_crowd(lines, first_hz=lines.series_hz)

    def _crowd(self, lines: _Lines) -> Tensor:
        """How many single modes share a bin, and what each would have alone, ``(steps, lines)``; noise counts not."""
        places = self._places(lines)
        near = (1 - (places[:, :, None] - places[:, None, :]).abs() / _ONE_BIN).clamp(min=0)  # (steps, lines, lines)
        return (near * lines.shares[:, None, :]).sum(-1).clamp(min=1.0)

    def _series_crowd(self, lines: _Lines, *, first_hz: float) -> Tensor:
        """How many lines of a series lie in one band, ``(steps, lines)``, be they tone or noise."""
        places = self._places(lines)
        reach = _ONE_BIN * self._widening(places.floor().long().clamp(max=len(self._sine_gain) - 1))
        every = torch.arange(1, self._last_number(first_hz) + 1) * first_hz * lines.course[:, None] * self._per_hz
        near = (1 - (places[:, :, None] - every[:, None, :]).abs() / reach[:, :, None]).clamp(min=0)
        return near.sum(-1).clamp(min=1.0)

    def _widening(self, bins: Tensor) -> Tensor:
        """How many bins a line fills with what lies in its band, by where it lies."""
        return (self._sine_gain[bins] / _SINE_GAIN) ** 2

    def _places(self, lines: _Lines) -> Tensor:
        """Where lines lie among the bins, ``(steps, lines)``."""
        return lines.hz[None] * lines.course[:, None] * self._per_hz

    @property
    def _per_hz(self) -> float:
        return 2 * self._hop / self.splitter.sample_rate_hz

    def _ring(self, lines: _Lines, shape: Shape, *, frames: int, generator: torch.Generator) -> Tensor:
        """All sines under the envelope, ``(frames,)``; the lowest begins at phase 0, as struck things do."""
        gains = self._gains(lines, shape)  # (steps, lines)
        phases = torch.rand(len(lines.hz), generator=generator, dtype=torch.float64)
        struck = 0 if lines.harmonic else int((lines.hz < _STRUCK_HZ).sum())
        phases[: max(1, struck)] = 0.0
        begun, within = self._turns(lines, shape, phases)
        last = torch.where(gains > 0, torch.arange(len(gains))[:, None], -1).amax(0) + 1  # (lines,) nothing rings after
        into_hop = torch.arange(self._hop) / self._hop
        out = torch.zeros(shape.steps - 1, self._hop)
        for number, (hz, stop) in enumerate(zip(lines.hz.tolist(), last.tolist(), strict=True)):
            hops = min(stop, len(out))
            angles = torch.add(begun[:hops, number, None], within[:hops], alpha=hz).sin_()
            level = gains[: hops + 1, number, None]
            wave = angles.mul_(torch.addcmul(level[:-1], level.diff(dim=0), into_hop))
            rise = round(min(_LONGEST_RISE_S, 0.25 / hz) * self.splitter.sample_rate_hz)
            wave[:1, :rise] *= torch.linspace(0, 1, rise)
            out[:hops] += wave
        return out.flatten()[:frames]

    def _turns(self, lines: _Lines, shape: Shape, phases: Tensor) -> tuple[Tensor, Tensor]:
        """Angle of every line where hops begin, ``(hops, lines)``, and what 1 Hz adds within them, ``(hops, hop)``."""
        assert shape.partials is not None
        hops = shape.steps - 1
        seconds = torch.arange(hops * self._hop, dtype=torch.float64) / self.splitter.sample_rate_hz
        turns = (torch.cumsum(shape.partials.course(seconds), 0) / self.splitter.sample_rate_hz).reshape(
            hops, self._hop
        )
        begun = torch.frac(turns[:, :1] * lines.hz.double() + phases)  # doubles: a float counts whole turns too roughly
        return 2 * math.pi * begun.float(), (2 * math.pi * (turns - turns[:, :1])).float()

    def _gains(self, lines: _Lines, shape: Shape) -> Tensor:
        """Amplitude of every line at every step, so that the band it lies in has the power the envelope says."""
        bands = self.splitter.bands
        places = self._places(lines).clamp(max=bands.spreading.shape[1] - 1.001)
        low = places.floor().long()
        drawn = bands.spread(shape.envelope)  # (steps, bins)
        level = self._steadied(torch.lerp(drawn.gather(1, low), drawn.gather(1, low + 1), places - low), lines)
        audible = ((level - self.splitter.floor - 0.7) / 1.4).clamp(0, 1)
        first_hz = lines.series_hz
        crowd = self._crowd(lines) if first_hz is None else self._series_crowd(lines, first_hz=first_hz)
        share = lines.shares / crowd
        return (level / 2).exp() * share.sqrt() * self._sine_gain[low] * audible * lines.gain

    def _spans(self, hz: Tensor) -> Tensor:
        """Steps on either side over which the level of lines is steadied."""
        return (_PERIODS / hz * self.splitter.sample_rate_hz / self._hop / 2).round().clamp(max=_WIDEST).long()

    def _steadied(self, level: Tensor, lines: _Lines) -> Tensor:
        """Levels of low lines without what single cycles and beats made of them, ``(steps, lines)``; attacks stay."""
        spans = self._spans(lines.hz[:1].expand_as(lines.hz) if lines.harmonic else lines.hz)  # a series beats as one
        steady = level.clone()
        for reach in range(1, _WIDEST + 1):
            mine = spans == reach
            if bool(mine.any()):
                steady[:, mine] = _smoothed(level[:, mine].exp(), reach).log()
        return steady


def _smoothed(power: Tensor, reach: int) -> Tensor:
    """Power ``(steps, n)`` as it is in so many steps on either side, but for the attack."""
    if not reach or len(power) <= _ATTACK_STEPS:
        return power
    later = power[_ATTACK_STEPS:].T[:, None]
    smooth = functional.avg_pool1d(later, 2 * reach + 1, 1, reach, count_include_pad=False)[:, 0].T
    return torch.cat([power[:_ATTACK_STEPS], smooth])


def pulse_train(hz: Tensor, *, sample_rate_hz: int) -> Tensor:
    """A click per wave, the first at once, of the power of white noise of power 1: all multiples of a frequency.

    Parameters
    ----------
    hz
        Its frequency at every frame, ``(frames,)``.

    Examples
    --------
    >>> clicks = pulse_train(torch.full((44100,), 64.0), sample_rate_hz=65536)
    >>> round(clicks.square().mean().item(), 1), torch.nonzero(clicks)[:3, 0].tolist()
    (1.0, [0, 1023, 2047])
    """
    turns = torch.cumsum(hz.double() / sample_rate_hz, 0)
    begun = torch.diff(turns.floor(), prepend=turns.new_full((1,), -1.0)) > 0
    return torch.where(begun, (sample_rate_hz / hz).sqrt(), 0.0)


def _below(hz: Tensor, *, top_hz: float) -> Tensor:
    """1 well below a frequency, 0 from there on."""
    return ((top_hz - hz) / (_CLEAR_OF_TOP * top_hz)).clamp(0, 1)


def rung_shares(shares: Tensor, hz: Tensor) -> Tensor:
    """Shares of tone of single modes to ring, so that those told are heard: in the highs, some of them is noise.

    Parameters
    ----------
    shares
        As told, ``(..., lines)``.
    hz
        Of the lines, ``(lines,)``.

    Examples
    --------
    >>> shares = rung_shares(torch.tensor([0.7, 0.7, 0.3]), torch.tensor([60.0, 3000.0, 4000.0]))
    >>> [round(share, 2) for share in shares.tolist()]
    [0.7, 0.5, 0.0]
    """
    heard = ((shares - _NOISE_TELLS) / (1.0 - _NOISE_TELLS)).clamp(0, 1)
    return torch.lerp(shares, heard, torch.log2(hz / _TELLING_HZ).clamp(0, 1))


def purer_shares(shares: Tensor, hz: Tensor) -> Tensor:
    """Shares of tone of low single modes, those that are nearly all tone nearer to it: drawn ones lie lower than heard.

    Parameters
    ----------
    shares
        ``(..., lines)``.
    hz
        Of the lines, ``(lines,)``.

    Examples
    --------
    >>> shares = purer_shares(torch.tensor([0.7, 0.93, 0.93]), torch.tensor([60.0, 60.0, 3000.0]))
    >>> [round(share, 3) for share in shares.tolist()]
    [0.7, 0.975, 0.93]
    """
    told = ((shares - _PURE_FROM) / (_PURE - _PURE_FROM)).clamp(0, 1) * _lowness(hz)
    return 1 - (1 - shares) * (1 - told * (1 - _IMPURE))


def _lowness(hz: Tensor) -> Tensor:
    """1 an octave below where noise is no longer given to lines, 0 from there on."""
    return torch.log2(_GATHERED_HZ / hz).clamp(0, 1)


def unsmeared(envelope: Tensor) -> Tensor:
    """The envelope to draw so that, once windows have overlapped, the envelope asked for is heard.

    Two neighbouring slices share their frames: a loud one leaks into a quiet one. A few multiplicative rounds undo it
    (Richardson-Lucy in the small).

    Parameters
    ----------
    envelope
        Natural log of power, ``(steps, bands)``.
    """
    power = envelope.exp()
    gain = power.sqrt()
    none = torch.zeros_like(gain[:1])
    for _ in range(_SETTLING):
        before, after = torch.cat([none, gain[:-1]]), torch.cat([gain[1:], none])
        heard = 0.625 * gain**2 + 0.0625 * (before**2 + after**2) + 0.125 * gain * (before + after)
        gain = gain * (power / heard.clamp(min=1e-12)).clamp(0.1, 4.0) ** 0.4
    return 2 * gain.clamp(min=1e-6).log()


def _settled_lines(partials: Partials, *, top_hz: float) -> tuple[Tensor, Tensor]:
    """Frequencies and modes of all lines that are heard at some time."""
    hz, modes = partials.heard_lines()
    return hz[hz < top_hz], modes[hz < top_hz]
