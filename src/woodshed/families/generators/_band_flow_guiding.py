"""Steering a flow by losses on the audio: the guessed envelope is made audible, judged, and moved along the gradient.

Inside one step of the flow the fine structure is fixed: only gains depend on the tokens, and they do so smoothly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_asking import ROAM, with_roam
from woodshed.families.generators._band_flow_lending import Decoder, Target
from woodshed.nn import Shape
from woodshed.roles import DataSpec, Guide, LenderPool, Request
from woodshed.sampling import Guess, Steer, linear_guess, request_noise
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

REACH = 0.5  # root mean square of one move of a guide of weight 1, in standard errors of the guess
_STRAIGHT = 0.3  # how much of a move goes straight down the slope, for each part that goes through the network
_RENEWED_EVERY = 3  # steps that share fine structure
_LATE_ROUNDS = 3  # moves per step, besides the first, at the end of the flow
_LAST_ROUNDS = 4  # moves after the flow, each judged on the sound that is then made
_LAST_OPEN = 0.8  # the time of the flow whose errors and pulls they take
_BEGINNINGS = 3  # sounds of a kind among which the one farthest away is looked for
_QUIET = 1.4  # natural log of power above the floor from which a band sounds


@dataclass(frozen=True)
class Row:
    """One row of tokens on its way: how many are sound, how many frames they stand for, what was asked."""

    tokens: int
    frames: int
    request: Request


@dataclass(frozen=True)
class FixedFine:
    """Fine structure without any envelope, ``(sides, steps, bins)`` complex, and the gain up to full scale."""

    unit: Tensor
    frames: int
    gain: float


@dataclass(frozen=True)
class _Step:
    """One step of the flow: the noisy point, the clean guess that hangs on it by a graph, and what is fixed in it."""

    point: Tensor
    clean: Tensor
    fines: tuple[FixedFine, ...]
    counts: tuple[int, ...]
    error: Tensor


class Steering:
    """Moves guessed clean tokens towards what guides want.

    Parameters
    ----------
    decoder
        Gives the fine structure that a sound of this shape would have.
    guides
        All that pull.
    """

    def __init__(self, decoder: Decoder, guides: Sequence[Guide]) -> None:
        self.decoder, self.guides = decoder, guides
        self.model: BandFlow = decoder.model

    def over(self, rows: Sequence[Row]) -> Steer:
        """What makes the solver's guess a steered one; rows beyond these are left alone."""

        def steer(guess: Guess) -> Guess:
            kept: list[FixedFine] = []
            calls = itertools.count()

            def steered(x: Tensor, now: float) -> Tensor:
                pulls = self._pulls(now)
                renew = next(calls) % _RENEWED_EVERY == 0
                if not pulls:
                    return guess(x, now)
                with torch.enable_grad():
                    point = x.detach().requires_grad_()
                    clean = guess(point, now)
                if renew or not kept:
                    kept[:] = [self.fixed_fine(clean[n, : row.tokens].detach(), row) for n, row in enumerate(rows)]
                step = _Step(point, clean, tuple(kept), tuple(row.tokens for row in rows), self._error(now))
                return self._moved(step, pulls, rounds=1 + round(_LATE_ROUNDS * now))

            return steered

        return steer

    def _pulls(self, now: float) -> list[tuple[Guide, float]]:
        pulls = [(guide, guide.weight * guide.schedule.strength(now)) for guide in self.guides]
        return [(guide, strength) for guide, strength in pulls if strength > 0]

    def _error(self, now: float) -> Tensor:
        """Standard error of a guess at a time, ``(dims,)``: no move goes farther than what is still open."""
        variances = self.model.variances
        nowhere = variances.new_zeros(1, 1, len(variances))
        _, error = linear_guess(nowhere, time=torch.tensor([now]), variances=variances)
        return error[0, 0]

    def _moved(self, step: _Step, pulls: Sequence[tuple[Guide, float]], *, rounds: int) -> Tensor:
        """Clean tokens after so many moves, all guides at once in each."""
        tokens = step.clean.detach()
        for _ in range(rounds):
            slopes = [self._slopes(tokens, step, guide) for guide, _ in pulls]
            total = torch.zeros_like(tokens)
            for (guide, strength), (losses, slope) in zip(pulls, slopes, strict=True):
                total += _pull(slope, losses, step, guide, strength=strength)
            tokens = tokens + total
        return tokens

    def _slopes(self, tokens: Tensor, step: _Step, guide: Guide) -> tuple[list[float], Tensor]:
        """Loss of each row, and its gradient in the clean tokens, shaped like them."""
        losses, slope = [], torch.zeros_like(tokens)
        for number, (fine, count) in enumerate(zip(step.fines, step.counts, strict=True)):
            with torch.enable_grad():
                point = tokens[number, :count].detach().requires_grad_()
                audio = self.render_fixed(point, fine)[None]
                loss = _checked(guide.loss(audio, sample_rate_hz=self.model.spec.sample_rate_hz), guide)
                (gradient,) = torch.autograd.grad(loss.sum(), point, allow_unused=True)
            losses.append(float(loss.detach()))
            slope[number, :count] = _has_gradient(gradient, guide)
        return losses, slope

    # -- after the flow

    def settled(self, tokens: Tensor, rows: Sequence[Row]) -> Tensor:
        """Tokens of which less is missed once they are made into sound: each round hears what is made, and moves.

        Guides pull as they do late in the flow; nothing moves where one of them does not say when it would be content.
        """
        pulls = self._pulls(_LAST_OPEN)
        if not pulls or any(guide.least is None for guide, _ in pulls):
            return tokens
        still = {id(guide) for guide, _ in pulls}
        pulls += [(guide, 0.0) for guide in self.guides if guide.weight > 0 and id(guide) not in still]  # judged, too
        out = tokens.clone()
        for number, row in enumerate(rows):
            out[number, : row.tokens] = self._settled(tokens[number, : row.tokens], row, pulls)
        return out

    def _settled(self, tokens: Tensor, row: Row, pulls: Sequence[tuple[Guide, float]]) -> Tensor:
        """The best tokens met on the way: no guide may lose what another gains."""
        error = self._error(_LAST_OPEN)
        best: tuple[list[float], Tensor] | None = None
        for _ in range(_LAST_ROUNDS + 1):
            now = tokens[None]
            step = _Step(now, now, (self.fixed_fine(tokens, row),), (row.tokens,), error)
            found = [self._slopes(now, step, guide) for guide, _ in pulls]
            missed = [
                max(0.0, losses[0] - (guide.least or 0.0)) for (guide, _), (losses, _) in zip(pulls, found, strict=True)
            ]
            if best is None or all(one <= before for one, before in zip(missed, best[0], strict=True)):
                best = missed, tokens
            if not any(missed):
                break
            for (guide, strength), (losses, slope) in zip(pulls, found, strict=True):
                way = _even(_straight(slope[0], guide) * error.square(), error)
                tokens = tokens + _as_far(way, slope[0], losses[0], guide, strength=strength)
        assert best is not None
        return best[1]

    # -- making tokens audible

    @torch.no_grad()
    def fixed_fine(self, tokens: Tensor, row: Row) -> FixedFine:
        """The fine structure that a sound of these tokens has now; white where the tokens are silent."""
        shape = led(self.model.shape_of(tokens, frames=row.frames), self.guides)
        target = Target(shape, row.frames, 1.0, row.request.class_name, row.request.seed)
        spectra = self.decoder.heard(target)
        white = self._white(row.request.seed, shape, sides=len(spectra))
        quiet = 1 - ((shape.envelope - self.model.splitter.floor) / _QUIET).clamp(0, 1)
        unit = spectra / self._gains(shape, sides=len(spectra)) + white * self.model.splitter.bands.spread(quiet)
        fine = FixedFine(unit, row.frames, 1.0)
        peak = float(self.render_fixed(tokens, fine).abs().max())
        return FixedFine(unit, row.frames, 0.9 / max(peak, 1e-6))

    def render_fixed(self, tokens: Tensor, fine: FixedFine) -> Tensor:
        """The sound of tokens over fixed fine structure, ``(channels, frames)``; differentiable in the tokens."""
        shape = self.model.shape_of(tokens, frames=fine.frames)
        spectra = fine.unit * self._gains(shape, sides=len(fine.unit))
        return self.model.splitter.join(spectra, frames=fine.frames) * fine.gain

    def _gains(self, shape: Shape, *, sides: int) -> Tensor:
        """Amplitude of each bin, ``(sides, steps, bins)``."""
        splitter = self.model.splitter
        levels = [shape.envelope / 2]
        if sides == 2:
            levels.append((shape.envelope + splitter.width_over_bands(shape.width)) / 2)
        return splitter.bands.spread(torch.stack(levels)).exp()

    def _white(self, seed: int, shape: Shape, *, sides: int) -> Tensor:
        bins = self.model.splitter.hop_frames + 1
        real, imaginary = request_noise([seed], shape=(2, sides, shape.steps, bins), name="guided silence")[0]
        return torch.complex(real, imaginary) * math.sqrt(0.5)


def led(shape: Shape, guides: Sequence[Guide]) -> Shape:
    """A shape whose colour is left to guides that pull, and its course, where one of them may move its level."""
    shape = shape.uncoloured()
    return shape.uncoursed() if any(guide.moves_level and guide.schedule.pulls for guide in guides) else shape


def lengthened(
    requests: Sequence[Request], lengths: Sequence[int], guides: Sequence[Guide], *, spec: DataSpec, most_s: float
) -> list[Request]:
    """Requests as they are, or as long as the longest guide needs where their own length in frames falls short."""
    needed_s = min(most_s, max((guide.span_s for guide in guides), default=0.0))
    return [
        replace(request, duration_s=needed_s) if frames < needed_s * spec.sample_rate_hz else request
        for request, frames in zip(requests, lengths, strict=True)
    ]


def begun(
    model: BandFlow,
    requests: Sequence[Request],
    guides: Sequence[Guide],
    *,
    lenders: LenderPool,
    steps: int | None,
    guidance: float | None,
) -> list[Request]:
    """Requests that say how far they roam, each the one of a few that is farthest from what guides lead away from.

    Another sound of the kind is away and still of its kind; a pull does not care where it ends. They have seeds derived
    from the request's own, and lie close to sounds the model learned from, where no other roam was asked for. It costs
    the making of three sounds for each.
    """
    leading = [guide for guide in guides if guide.away]
    if not leading:
        return with_roam(model, requests)
    found: list[Request] = []
    for request in requests:
        seeds = [derive_seed(request.seed, "away", number) for number in range(_BEGINNINGS)]
        some = [replace(request, seed=seed, wishes={ROAM: 0.0, **request.wishes}) for seed in seeds]
        made = model.generate(some, lenders=lenders, steps=steps, guidance=guidance)
        missed = [_missed(one.sound, leading) for one in made]
        found.append(some[missed.index(min(missed))])
    return found


def _missed(sound: Sound, guides: Sequence[Guide]) -> float:
    audio = torch.from_numpy(np.array(sound.data))[None]
    with torch.no_grad():
        return sum(guide.weight * float(guide.loss(audio, sample_rate_hz=sound.sample_rate_hz)) for guide in guides)


def _pull(slope: Tensor, losses: Sequence[float], step: _Step, guide: Guide, *, strength: float) -> Tensor:
    """Down the slope: at most ``REACH`` errors on average, and no farther than where the loss would end.

    The way down leads through the network: what it would guess had the noise leaned that way, so that a sound stays one
    of its kind. A share goes straight, so that there is always a way.

    References
    ----------
    Chung et al. 2023, Diffusion posterior sampling, eq. 16 (through the network); Polyak 1969, Minimization of unsmooth
    functionals (how far, when the least value is known).
    """
    (through,) = torch.autograd.grad(step.clean, step.point, slope, retain_graph=True)
    move = torch.zeros_like(slope)
    for number, (loss, count) in enumerate(zip(losses, step.counts, strict=True)):
        straight = _straight(slope[number, :count], guide) * step.error.square()
        ways = [_even(some, step.error) for some in (through[number, :count], straight)]
        way = _even(ways[0] + _STRAIGHT * ways[1], step.error)
        move[number, :count] = _as_far(way, slope[number, :count], loss, guide, strength=strength)
    return move


def _straight(slope: Tensor, guide: Guide) -> Tensor:
    """A slope ``(tokens, numbers)``, the same for all tokens where a guide says nothing of time."""
    return slope if guide.moves_level else slope.mean(0, keepdim=True).expand_as(slope)


def _as_far(way: Tensor, slope: Tensor, loss: float, guide: Guide, *, strength: float) -> Tensor:
    """The move down a way of one error on average: so much of it as a guide's strength allows, or its loss asks for."""
    steepness = float((way * slope).sum())
    if not math.isfinite(steepness) or steepness < 1e-9:
        return torch.zeros_like(way)
    length = REACH * strength
    if guide.least is not None:
        length = min(length, max(0.0, loss - guide.least) / steepness)
    return -length * way


def _even(way: Tensor, error: Tensor) -> Tensor:
    """A way of one error on average, in root mean square."""
    return way / (way / error).square().mean().sqrt().clamp(min=1e-20)


def _has_gradient(gradient: Tensor | None, guide: Guide) -> Tensor:
    if gradient is not None:
        return gradient
    raise UsageError(
        f"The guide {guide.told()!r} has no gradient",
        cause="its loss does not depend on the audio through differentiable steps",
        way_out="compute it with torch functions from the audio that is handed over, without detach or numpy",
    )


def _checked(loss: Tensor, guide: Guide) -> Tensor:
    if tuple(loss.shape) == (1,) and bool(torch.isfinite(loss).all()) and loss.requires_grad:
        return loss
    found = "has no gradient" if not loss.requires_grad else f"gave {tuple(loss.shape)} or a value that is not finite"
    raise UsageError(
        f"The guide {guide.told()!r} {found}",
        cause="a loss takes audio (batch, channels, frames) and gives one finite number per sound, (batch,)",
        way_out="for example: return audio.square().mean((1, 2))",
    )
