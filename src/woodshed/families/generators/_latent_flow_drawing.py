"""Follows a latent flow: short rows together, long ones in overlapping windows, given ones from part of the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from woodshed.families.generators._latent_flow_pool import window_starts
from woodshed.sampling import flow_times, guided, noised, request_noise, solve_flow

if TYPE_CHECKING:
    from woodshed.families.generators.latent_flow import LatentFlow

TOGETHER = 4  # requests solved at once; rows of zeros fill up, so that batch mates never matter
_UNGUIDED_BEFORE = 0.1  # time of the flow before which guidance only overshoots
_LENGTHS = (4, 8, 16, 24)  # tokens a row is padded to, before the window


@dataclass(frozen=True)
class Row:
    """What one row of latents is conditioned on, and how many tokens it has."""

    class_index: int
    tokens: int


class LatentDrawer:
    """Draws latents with one model."""

    def __init__(self, model: LatentFlow) -> None:
        self.model = model

    def padded(self, tokens: int) -> int:
        """The length a row of so many tokens is padded to: that of a window at most, or its own where it is longer."""
        lengths = [*(length for length in _LENGTHS if length < self.model.window_tokens), self.model.window_tokens]
        return next((length for length in lengths if tokens <= length), tokens)

    @torch.no_grad()
    def solve(self, start: Tensor, rows: Sequence[Row], *, times: list[float], guidance: float) -> Tensor:
        """Follow the flow for up to four rows of one padded length, or for one that is longer than the window."""
        anything = len(self.model.spec.classes)
        long = start.shape[1] > self.model.window_tokens
        lacking = 0 if long else TOGETHER - len(rows)
        point = torch.cat([start, start.new_zeros(lacking, *start.shape[1:])])
        filled = [*rows, *[Row(anything, 1)] * lacking]
        classes = torch.tensor([row.class_index for row in filled], device=start.device)
        counts = torch.tensor([row.tokens for row in filled], device=start.device)

        def guess(x: Tensor, now: float, these: Tensor) -> Tensor:
            if long:
                return self._guess_in_windows(x, now, these, rows[0].tokens)
            time = torch.full((len(x),), now, device=x.device)
            changes, first = x.new_zeros(len(x), 1), torch.zeros_like(counts)
            return self.model.guess(x, time, these, counts, changes=changes, first=first, totals=counts)

        def both(x: Tensor, now: float) -> Tensor:
            free = torch.full_like(classes, anything)
            if guidance == 1.0 or now < _UNGUIDED_BEFORE or bool((classes == free).all()):
                return guess(x, now, classes)
            return guided(guess(x, now, classes), guess(x, now, free), strength=guidance)

        return solve_flow(both, point, times=times)[: len(rows)]

    def _guess_in_windows(self, x: Tensor, now: float, classes: Tensor, tokens: int) -> Tensor:
        """The guess for one long row, ``(1, tokens, dims)``: that of overlapping windows, faded into one another."""
        window = self.model.window_tokens
        starts = window_starts(tokens, window=window)
        views = torch.stack([x[0, start : start + window] for start in starts])
        first = torch.tensor(starts, device=x.device)
        some = torch.full_like(first, window)
        guesses = self.model.guess(
            views,
            torch.full((len(starts),), now, device=x.device),
            classes[:1].expand(len(starts)),
            some,
            changes=x.new_zeros(len(starts), 1),
            first=first,
            totals=torch.full_like(first, tokens),
        )
        place = torch.arange(window, device=x.device, dtype=x.dtype)
        ramp = torch.minimum(place + 1, window - place)[:, None]
        total, weight = torch.zeros_like(x[0]), x.new_zeros(x.shape[1], 1)
        for start, guess in zip(starts, guesses, strict=True):
            total[start : start + window] += ramp * guess
            weight[start : start + window] += ramp
        return (total / weight.clamp(min=1e-9))[None]

    @torch.no_grad()
    def redrawn(self, latents: Tensor, *, time: float, seed: int, row: int, steps: int) -> Tensor:
        """Latents ``(tokens, dims)`` put back to a time of the flow and drawn anew from there."""
        tokens = len(latents)
        length = self.padded(tokens)
        clean = nn.functional.pad(latents, (0, 0, 0, length - tokens))[None]
        noise = request_noise([seed], shape=(length, self.model.config.dims), name="latents").to(latents)
        times = flow_times(max(2, round(steps * (1 - time))), start=time)
        start = noised(clean, noise, time=time)
        return self.solve(start, [Row(row, tokens)], times=times, guidance=1.0)[0, :tokens]
