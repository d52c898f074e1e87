"""Variations of a given loop: its tokens are partly forgotten and drawn anew; its fine structure follows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.families.generators._loop_flow_grid import grid_of, groove_of
from woodshed.nn import LoopShape, LoopSplit
from woodshed.roles import Made
from woodshed.sampling import flow_times, noised, request_noise
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators._loop_flow_lending import LoopDecoder
    from woodshed.families.generators.loop_flow import LoopFlow

_LENT_FROM = 0.4  # amount from which another fine structure comes in
_MOST_GAIN = 24.0 * math.log(10.0) / 20.0


class LoopEditor:
    """Varies loops.

    Parameters
    ----------
    model, decoder
        What draws the tokens, and what lends fine structure.
    """

    def __init__(self, model: LoopFlow, decoder: LoopDecoder) -> None:
        self.model, self.decoder, self.splitter = model, decoder, model.splitter

    @torch.no_grad()
    def vary(self, sound: Sound, *, amount: float, seed: int, class_name: str | None, steps: int) -> Made:
        """See `LoopFlow.vary`."""
        class_index = self.model.class_row(class_name)
        audio = torch.from_numpy(np.array(sound.data))
        if amount == 0.0 or sound.peak < 1e-5:
            return Made(Sound(audio.numpy(), sound.sample_rate_hz), class_name=class_name)
        tokens = grid_of(sound, bpm=None, most_s=1e9).tokens
        late = groove_of(sound, tokens=tokens).late_frames
        split = self.splitter.split(audio.roll(-late, -1), tokens=tokens)
        clean = self.model.tokens_of(split.shape)
        token_s = sound.duration_s / tokens
        time = (1.0 - amount) ** 1.2
        noise = request_noise([seed], shape=tuple(clean.shape), name="envelope")[0]
        times = flow_times(max(2, round(steps * (1 - time))), start=time)
        drawn = self.model.solve(noised(clean, noise, time=time), times=times, class_index=class_index, token_s=token_s)
        near = min(1.0, (amount / 0.3) ** 1.5)  # near 0 the loop's own smooth shape comes back too
        own, new = self.model.shape_of(clean), self.model.shape_of(clean + near * (drawn - clean))
        spectra, lenders = self._turned(split, own, new, seed=seed, class_name=class_name, amount=amount)
        made = self.splitter.join(spectra * math.exp(0.5 * split.reference), frames=sound.frames)
        made = made.roll(late, -1)
        most, peak = max(1.0, float(audio.abs().max())), float(made.abs().max())
        made = made * (most / peak) if peak > most else made
        return Made(Sound(made.numpy(), sound.sample_rate_hz), lenders, class_name)

    def _turned(
        self, split: LoopSplit, own: LoopShape, new: LoopShape, *, seed: int, class_name: str | None, amount: float
    ) -> tuple[Tensor, tuple[str, ...]]:
        """The loop's own fine structure under the new shape, turned towards another's for large amounts."""
        from woodshed.families.generators._loop_flow_lending import LoopTarget

        steps = split.spectra.shape[1]
        change = ((new.envelope - own.envelope) / 2).clamp(max=_MOST_GAIN)
        rows = [change] * len(split.spectra)
        if len(rows) == 2:
            rows[1] = (change + self.splitter.width_over_bands(new.width - own.width) / 2).clamp(max=_MOST_GAIN)
        gains = [self.splitter.bands.spread(self.splitter.over_slices(row, steps=steps)).exp() for row in rows]
        mine = split.spectra * torch.stack(gains) * math.exp(-0.5 * split.reference)
        angle = max(0.0, (amount - _LENT_FROM) / (1 - _LENT_FROM)) * math.pi / 2
        if angle == 0.0 or len(mine) > 2:
            return mine, ()
        target = LoopTarget(new, split.frames, 1.0, class_name, seed)
        other, lenders, _ = self.decoder.fine(target)
        if len(other) < len(mine):
            other = torch.cat([other, mine[1:]])
        return mine * math.cos(angle) + other[: len(mine)] * math.sin(angle), lenders
