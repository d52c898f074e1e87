"""From a drawn shape to a loop: lenders of a near shape, turned by whole beats and brought to the tempo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional

from woodshed.base.errors import RateMismatch
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._loop_flow_attacks import with_sharp_attacks
from woodshed.families.generators._loop_flow_grid import BEAT_TOKENS, Grid, Groove, grid_of, groove_of
from woodshed.families.generators._loop_flow_tones import Excitation
from woodshed.metrics import CopyFinder
from woodshed.nn import LoopShape, LoopSplitter, circle_lapped, circle_resampled, to_mid_side
from woodshed.roles import LenderPool, Made
from woodshed.sampling import seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.loop_flow import LoopFlow

COPY_MATCH = 0.81
_ATTEMPT_GRAINS = (0.0, 0.15, 0.35)  # share of noise taken besides, at each attempt to be no copy
_AIR = 0.4
_MOST_REPITCH = 5.0  # semitones; the rest of a tempo is reached by placing slices
_PITCH_COST = 0.03  # how much farther a lender seems per semitone
_LOOSE_COST = 4.0  # times 1 less its tightness is added
_OTHER_CLASS = 1.5
_OFF_BAR = 1.05  # how much farther a lender seems that is turned by beats rather than bars
_NEAREST, _CHOICE = 12, 3
_LOW_HZ = 2000.0
_CROSSOVER_HZ, _AIR_HZ, _GRAIN_HZ = (1000.0, 3000.0), (3000.0, 6000.0), (80.0, 250.0)
_MOST_GAIN = 24.0 * math.log(10.0) / 20.0
_PERIODS, _LONGEST_SPAN = 3.0, 9
_RISE, _AROUND_RISE = 7.0 * math.log(10.0) / 10.0, 2  # of power, that is a hit; over so many steps on either side
_GUARDED_S = 0.3


@dataclass(frozen=True)
class LoopTarget:
    """A loop to be made: shape, length in frames, peak amplitude, class and seed."""

    shape: LoopShape
    frames: int
    peak: float
    class_name: str | None
    seed: int


@dataclass(frozen=True)
class Place:
    """A lender by number, and the beat of it that the loop begins on, in tokens."""

    number: int
    turn: int


@dataclass(frozen=True)
class LoopIndex:
    """What finds lenders by shape; it lives in memory only and is never written to a file.

    ``prints`` holds, for each lender, its loudness ``(tokens, bands)``; ``grids`` what of it is whole beats;
    ``late_frames`` how late all its hits are, ``tightness`` how alike (`Groove`); ``token_s`` its seconds per token.
    """

    content_ids: tuple[str, ...]
    class_names: tuple[str | None, ...]
    prints: tuple[Tensor, ...]
    grids: tuple[Grid, ...]
    late_frames: tuple[int, ...]
    tightness: tuple[float, ...]
    token_s: tuple[float, ...]

    @classmethod
    def read(cls, pool: LenderPool, *, splitter: LoopSplitter, most_s: float) -> LoopIndex:
        """Hear every lender once; those that are silent or not finite are left out."""
        kept: list[tuple[str, Tensor, Grid, Groove, float]] = []
        for content_id in pool.content_ids():
            whole = lent_sound(pool, content_id, splitter=splitter)
            if whole is None:
                continue
            grid = grid_of(Sound(whole.numpy(), splitter.sample_rate_hz), bpm=None, most_s=most_s)
            audio = whole[:, : grid.frames].contiguous()
            groove = groove_of(Sound(audio.numpy(), splitter.sample_rate_hz), tokens=grid.tokens)
            envelope = splitter.split(audio.roll(-groove.late_frames, -1), tokens=grid.tokens).shape.envelope
            token_s = grid.frames / splitter.sample_rate_hz / grid.tokens
            kept.append((content_id, shape_print(envelope, splitter=splitter), grid, groove, token_s))
        return cls(
            tuple(row[0] for row in kept),
            tuple(pool.class_name(row[0]) for row in kept),
            tuple(row[1] for row in kept),
            tuple(row[2] for row in kept),
            tuple(row[3].late_frames for row in kept),
            tuple(row[3].tightness for row in kept),
            tuple(row[4] for row in kept),
        )

    def nearest(self, wanted: Tensor, *, token_s: float, class_name: str | None, bands: slice) -> list[Place]:
        """The places of lenders that are nearest in some bands, one per lender, the nearest first.

        Parameters
        ----------
        wanted
            A print, ``(tokens, bands)``.
        """
        found: list[tuple[float, Place]] = []
        index = torch.arange(len(wanted))
        for number, own in enumerate(self.prints):
            turns = torch.arange(0, len(own), BEAT_TOKENS)
            places = (turns[:, None] + index) % len(own)  # (turns, tokens)
            apart = (own[:, bands][places] - wanted[None, :, bands]).square().sum((1, 2)).sqrt()
            apart = torch.where(turns % (4 * BEAT_TOKENS) > 0, apart * _OFF_BAR, apart)
            best = int(apart.argmin())
            cost = 1 + _PITCH_COST * abs(12 * math.log2(self.token_s[number] / token_s))
            cost += _LOOSE_COST * (1 - self.tightness[number])
            if class_name is not None and self.class_names[number] != class_name:
                cost *= _OTHER_CLASS
            found.append((float(apart[best]) * cost, Place(number, int(turns[best]))))
        return [place for _, place in sorted(found, key=lambda pair: pair[0])[:_NEAREST]]


def shape_print(envelope: Tensor, *, splitter: LoopSplitter) -> Tensor:
    """Square root of amplitude per token and band, ``(tokens, bands)``."""
    loud = ((envelope / 4).exp() - math.exp(splitter.floor / 4)).clamp(min=0)
    return rearrange(loud, "(t s) b -> t s b", s=splitter.token_steps).mean(1)


def lent_sound(pool: LenderPool, content_id: str, *, splitter: LoopSplitter) -> Tensor | None:
    """A lender on one or two channels; None where nothing sounds."""
    sound = pool.read(content_id)
    if sound.sample_rate_hz != splitter.sample_rate_hz:
        raise RateMismatch("A lender", got_hz=sound.sample_rate_hz, expected_hz=splitter.sample_rate_hz)
    data = np.array(sound.data if sound.channels <= 2 else sound.mono().data)
    if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
        return None
    return torch.from_numpy(data)


class LoopDecoder:
    """Makes loops of shapes.

    Parameters
    ----------
    model
        Whose basis smooths the lenders' shapes.
    index, pool
        Who may lend.
    """

    def __init__(self, model: LoopFlow, index: LoopIndex, pool: LenderPool) -> None:
        self.model, self.index, self.pool = model, index, pool
        self.splitter = model.splitter
        self.excitation = Excitation(model.splitter)
        self.sides = 2 if self.splitter.stereo else 1

    @torch.no_grad()
    def make(self, target: LoopTarget) -> Made:
        """The loop of a target; tries other lenders while its hits are copies of the lenders' own."""
        near = self._neighbours(target) if self.index.content_ids else ([], [])
        best: tuple[float, Tensor, tuple[str, ...]] | None = None
        for attempt in range(len(_ATTEMPT_GRAINS)):
            spectra, lenders, lent = self.fine(target, near=near, attempt=attempt)
            audio = with_sharp_attacks(
                self.splitter.join(spectra, frames=target.frames), target.shape, splitter=self.splitter
            )
            match = self._match(audio, lent)
            if best is None or match < best[0]:
                best = match, audio, lenders
            if match <= COPY_MATCH:
                break
        assert best is not None
        loudest = float(best[1].abs().max())
        data = best[1] * (target.peak / loudest) if loudest > 1e-9 else best[1]
        return Made(Sound(data.numpy(), self.splitter.sample_rate_hz), best[2], target.class_name)

    def fine(
        self, target: LoopTarget, *, near: tuple[list[Place], list[Place]] | None = None, attempt: int = 0
    ) -> tuple[Tensor, tuple[str, ...], list[Tensor]]:
        """Fine structure under the target's shape: spectra, the lenders' content ids, and what they lent as audio."""
        if near is None:
            near = self._neighbours(target) if self.index.content_ids else ([], [])
        generator = seeded_generator(target.seed, "fine", attempt)
        own = self.excitation.under(target.shape, frames=target.frames, sides=self.sides, generator=generator)
        layers, ids, lent = [], [], []
        for place in self._chosen(target.seed, near, attempt):
            content_id = self.index.content_ids[place.number]
            whole, grid = lent_sound(self.pool, content_id, splitter=self.splitter), self.index.grids[place.number]
            if whole is None:
                continue
            audio = whole[:, : grid.frames].roll(-self.index.late_frames[place.number], -1)
            audio = self._at_tempo(audio, grid.tokens, target)
            lent.append(_from_beat(audio, grid.tokens, place.turn))
            layers.append(self._reshaped(audio, grid.tokens, place.turn, target))
            ids.append(content_id)
        if not layers:
            return own, (), []
        spectra, presence = layers[0] if len(layers) == 1 else self._layered(layers[0], layers[1])
        share = torch.maximum(_AIR * self._ramp(_AIR_HZ), _ATTEMPT_GRAINS[attempt] * self._ramp(_GRAIN_HZ))
        lacking = (1 - (1 - share) * presence.square()).clamp(min=0).sqrt()
        whole = own * lacking
        whole[: len(spectra)] += spectra * (1 - share).sqrt()
        if len(spectra) < self.sides:
            whole[1:] = own[1:]  # a lender on one channel has no side to lend
        return whole, tuple(dict.fromkeys(ids)), lent

    def _neighbours(self, target: LoopTarget) -> tuple[list[Place], list[Place]]:
        wanted = shape_print(target.shape.envelope, splitter=self.splitter)
        edge = int((self.splitter.bands.centres_hz < _LOW_HZ).sum())
        token_s = target.frames / self.splitter.sample_rate_hz / target.shape.tokens
        low, high = (
            self.index.nearest(wanted, token_s=token_s, class_name=target.class_name, bands=bands)
            for bands in (slice(0, edge), slice(edge, None))
        )
        return low, high

    def _chosen(self, seed: int, near: tuple[list[Place], list[Place]], attempt: int) -> list[Place]:
        """A lender for the low and one for the high bands; the seed picks among the nearest."""
        rng = np.random.default_rng(derive_seed(seed, "lenders", attempt))
        chosen: list[Place] = []
        for places in near:
            free = [place for place in places if place.number not in {other.number for other in chosen}]
            free = free[2 * attempt : 2 * attempt + _CHOICE] or free[-1:]
            if free:
                chosen.append(free[int(rng.integers(len(free)))])
        return chosen

    def _at_tempo(self, audio: Tensor, tokens: int, target: LoopTarget) -> Tensor:
        """The lender played at the target's tempo, within a few semitones."""
        wanted = target.frames * tokens / target.shape.tokens
        most = 2 ** (_MOST_REPITCH / 12)
        ratio = min(most, max(1 / most, wanted / audio.shape[-1]))
        frames = _smooth_length(round(audio.shape[-1] * ratio))
        return circle_resampled(audio, frames=frames)

    def _reshaped(self, audio: Tensor, tokens: int, turn: int, target: LoopTarget) -> tuple[Tensor, Tensor]:
        """A lender under the target's shape: spectra ``(sides, steps, bins)`` and its presence ``(steps, bins)``."""
        splitter = self.splitter
        split = splitter.split(audio, tokens=tokens)
        own = self.model.smoothed(split.shape)
        index = (turn + torch.arange(target.shape.tokens)) % tokens
        shape = LoopShape(_tokens_at(own.envelope, index, splitter.token_steps), own.width[index], own.tone[index])
        steps = splitter.steps_of(target.frames, tokens=target.shape.tokens)
        per_token = steps // target.shape.tokens
        sides = to_mid_side(audio)[: self.sides]
        spectra = circle_lapped(sides, steps=per_token * tokens, hop_frames=splitter.hop_frames)
        spectra = rearrange(spectra, "c (t s) b -> c t s b", s=per_token)[:, index]
        spectra = rearrange(spectra, "c t s b -> c (t s) b") * math.exp(-0.5 * split.reference)
        change = self._steadied((target.shape.envelope - shape.envelope) / 2, target).clamp(max=_MOST_GAIN)
        there = ((shape.envelope - splitter.floor - 0.7) / 2.3).clamp(0, 1)
        presence = splitter.bands.spread(splitter.over_slices(there, steps=steps)).clamp(0, 1)
        rows = [change]
        if len(sides) == 2:
            wider = splitter.width_over_bands(target.shape.width - shape.width) / 2
            rows.append((change + wider).clamp(max=_MOST_GAIN))
        gains = [splitter.bands.spread(splitter.over_slices(row, steps=steps)).exp() for row in rows]
        return spectra * torch.stack(gains), presence

    def _layered(self, low: tuple[Tensor, Tensor], high: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One lender below about 2 kHz and another above; a side that only one of them has is left out."""
        angle = self._ramp(_CROSSOVER_HZ) * (math.pi / 2)
        sides = min(len(low[0]), len(high[0]))
        spectra = low[0][:sides] * angle.cos() + high[0][:sides] * angle.sin()
        presence = (low[1].square() * angle.cos().square() + high[1].square() * angle.sin().square()).sqrt()
        return spectra, presence

    def _steadied(self, change: Tensor, target: LoopTarget) -> Tensor:
        """Gains that do not follow single cycles: smoothed round the circle over three periods of each band.

        But for hits: a kick would begin before its sixteenth, and rise after it.
        """
        splitter = self.splitter
        step_s = target.frames / splitter.sample_rate_hz / len(change)
        spans = (_PERIODS / splitter.bands.centres_hz.clamp(min=50.0) / step_s).round().clamp(max=_LONGEST_SPAN)
        steady = change.clone()
        for span in range(3, _LONGEST_SPAN + 1, 2):
            bands = (spans >= span - 1) & (spans < span + 1)
            if bool(bands.any()) and len(change) > span:
                lines = functional.pad(change[:, bands].T[None], (span // 2, span // 2), mode="circular")
                steady[:, bands] = functional.avg_pool1d(lines, span, stride=1)[0].T
        envelope = target.shape.envelope
        rises = envelope.roll(-_AROUND_RISE, 0) - envelope.roll(_AROUND_RISE, 0) > _RISE
        around = range(-_AROUND_RISE, _AROUND_RISE + 1)
        return torch.where(torch.stack([rises.roll(steps, 0) for steps in around]).any(0), change, steady)

    def _match(self, audio: Tensor, lent: Sequence[Tensor]) -> float:
        """How nearly the loudest hits are those of the lenders as they were lent, 0 to 1."""
        if not lent:
            return 0.0
        rate = self.splitter.sample_rate_hz
        most = round(_GUARDED_S * rate)
        made = [Sound(piece.numpy(), rate) for piece in _loudest_beats(audio, frames=most)]
        finder = CopyFinder([Sound(sound.numpy(), rate) for sound in lent])
        return float(finder.nearest(made, candidates=0).likeness.max())

    def _ramp(self, limits_hz: tuple[float, float]) -> Tensor:
        """0 below the first, 1 above the second frequency, straight over log frequency between, ``(bins,)``."""
        bin_hz = self.splitter.sample_rate_hz / (2 * self.splitter.hop_frames)
        hz = (torch.arange(self.splitter.hop_frames + 1) * bin_hz).clamp(min=1.0)
        low, high = (math.log(limit) for limit in limits_hz)
        return ((hz.log() - low) / (high - low)).clamp(0, 1)


def _tokens_at(envelope: Tensor, index: Tensor, token_steps: int) -> Tensor:
    rows = rearrange(envelope, "(t s) b -> t s b", s=token_steps)[index]
    return rearrange(rows, "t s b -> (t s) b")


def _from_beat(audio: Tensor, tokens: int, turn: int) -> Tensor:
    return audio.roll(-(audio.shape[-1] * turn // tokens), -1)


def _loudest_beats(audio: Tensor, *, frames: int, count: int = 3) -> list[Tensor]:
    """The pieces of a loop that begin with the steepest rise of energy."""
    blocks = max(1, audio.shape[-1] // max(1, frames // 4))
    size = audio.shape[-1] // blocks
    energy = audio[:, : blocks * size].square().mean(0).reshape(blocks, size).mean(1)
    rise = energy - energy.roll(1)
    starts = torch.argsort(rise, descending=True, stable=True)[:count] * size
    return [audio.roll(-int(start), -1)[:, : max(64, frames)] for start in starts]


def _smooth_length(frames: int) -> int:
    """The nearest length that a fast Fourier transform likes."""
    return max(2, 64 * round(frames / 64)) if frames > 4096 else max(1, frames)
