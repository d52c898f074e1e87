"""Steering a flow by losses on the audio: the guessed envelope is made audible, judged, and moved along the gradient.

Inside one step of the flow the fine structure is fixed: only gains depend on the tokens, and they do so smoothly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from woodshed.base.errors import UsageError
from woodshed.families.generators._band_flow_lending import Decoder, Target
from woodshed.nn import Shape
from woodshed.roles import Guide, Request
from woodshed.sampling import Adjust, linear_guess, request_noise

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

REACH = 0.5  # root mean square of one move of a guide of weight 1, in standard errors of the guess
_LATE_ROUNDS = 3  # moves per step, besides the first, at the end of the flow
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

    def over(self, rows: Sequence[Row]) -> Adjust:
        """The hook for the solver: each row is moved by itself, rows beyond these are left alone."""

        def adjust(clean: Tensor, now: float) -> Tensor:
            moved = clean.clone()
            for number, row in enumerate(rows):
                moved[number, : row.tokens] = self.moved(clean[number, : row.tokens], row, now=now)
            return moved

        return adjust

    def moved(self, tokens: Tensor, row: Row, *, now: float) -> Tensor:
        """Tokens after this time's moves, ``(tokens, dims)``."""
        pulls = [(guide, guide.weight * guide.schedule.strength(now)) for guide in self.guides]
        pulls = [(guide, strength) for guide, strength in pulls if strength > 0]
        if not pulls:
            return tokens
        error = self._error(now)
        fine = self.fixed_fine(tokens, row)
        for _ in range(1 + round(_LATE_ROUNDS * now)):
            tokens = tokens + error * self._move(tokens, fine, pulls, error)
        return tokens

    def _error(self, now: float) -> Tensor:
        """Standard error of a guess at a time, ``(dims,)``: no move goes farther than what is still open."""
        variances = self.model.basis.variances
        _, error = linear_guess(
            variances.new_zeros(1, 1, len(variances)), time=torch.tensor([now]), variances=variances
        )
        return error[0, 0]

    def _move(self, tokens: Tensor, fine: FixedFine, pulls: Sequence[tuple[Guide, float]], error: Tensor) -> Tensor:
        """The sum of all guides' moves in units of the error, each brought to one measure."""
        with torch.enable_grad():
            point = tokens.detach().requires_grad_()
            audio = self.render_fixed(point, fine)[None]
            total = torch.zeros_like(tokens)
            for guide, strength in pulls:
                loss = _checked(guide.loss(audio, sample_rate_hz=self.model.spec.sample_rate_hz), guide)
                (gradient,) = torch.autograd.grad(loss.sum(), point, retain_graph=True, allow_unused=True)
                total += _pull(gradient, float(loss.detach()), guide, strength=strength, error=error)
        return total

    # -- making tokens audible

    @torch.no_grad()
    def fixed_fine(self, tokens: Tensor, row: Row) -> FixedFine:
        """The fine structure that a sound of these tokens has now; white where the tokens are silent."""
        shape = self.model.shape_of(tokens, frames=row.frames)
        target = Target(shape, row.frames, 1.0, row.request.class_name, row.request.seed)
        spectra, _, _ = self.decoder.fine(target, near=self.decoder.neighbours(target))
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


def _pull(gradient: Tensor | None, loss: float, guide: Guide, *, strength: float, error: Tensor) -> Tensor:
    """Down the slope in units of the error: at most ``REACH`` on average, and no farther than where the loss would end.

    References
    ----------
    Polyak 1969, Minimization of unsmooth functionals: the length of a step when the least value is known.
    """
    if gradient is None:
        raise UsageError(
            f"The guide {guide.told()!r} has no gradient",
            cause="its loss does not depend on the audio through differentiable steps",
            way_out="compute it with torch functions from the audio that is handed over, without detach or numpy",
        )
    slope = gradient * error
    steepness = float(slope.norm())
    if not math.isfinite(steepness) or steepness < 1e-12:
        return torch.zeros_like(slope)
    length = REACH * strength * math.sqrt(slope.numel())
    if guide.least is not None:
        length = min(length, max(0.0, loss - guide.least) / steepness)
    return -slope * (length / steepness)


def _checked(loss: Tensor, guide: Guide) -> Tensor:
    if tuple(loss.shape) == (1,) and bool(torch.isfinite(loss).all()) and loss.requires_grad:
        return loss
    found = "has no gradient" if not loss.requires_grad else f"gave {tuple(loss.shape)} or a value that is not finite"
    raise UsageError(
        f"The guide {guide.told()!r} {found}",
        cause="a loss takes audio (batch, channels, frames) and gives one finite number per sound, (batch,)",
        way_out="for example: return audio.square().mean((1, 2))",
    )
