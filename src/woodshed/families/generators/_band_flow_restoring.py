"""The top of a sound that lost it: its missing bands as the model's basis expects them, or as its flow draws them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.nn import Extender, Split
from woodshed.roles import Made
from woodshed.sampling import flow_times, noised, request_noise
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_LOOSE = 1.0  # variance, in squared natural log of power, of what the basis cannot draw
_SEAM_BANDS = 3
_SEAM_SHARE = 0.7  # how much of the difference at the last known bands goes on above them


class TopRestorer:
    """Restores the top of sounds with one model."""

    def __init__(self, model: BandFlow) -> None:
        self.model, self.splitter = model, model.splitter

    @torch.no_grad()
    def restore(
        self, sound: Sound, *, cutoff_hz: float, seed: int, class_name: str | None, drawn: bool, steps: int
    ) -> Made:
        """See `BandFlow.restore_top`."""
        audio = torch.from_numpy(np.array(sound.data))
        split = self.splitter.split(audio)
        extender = Extender(self.splitter, cutoff_hz=cutoff_hz)
        if bool(extender.known.all()):
            return Made(sound, class_name=class_name)
        envelope = self._expected(split, extender, seed=seed, class_name=class_name, steps=steps if drawn else 0)
        data = extender.extended(audio, split, envelope, seed=seed)
        return Made(Sound(data.numpy(), sound.sample_rate_hz), class_name=class_name)

    def _expected(self, split: Split, extender: Extender, *, seed: int, class_name: str | None, steps: int) -> Tensor:
        """The envelope with its missing bands as the model has them, ``(steps, bands)``; by its flow if steps > 0."""
        observed = self._observed(split, extender)
        directions, likeliest = self._likeliest(split, observed)
        numbers = likeliest
        if steps:
            kept = torch.linalg.pinv(directions[observed]) @ directions[observed]  # (dims, dims)
            numbers = self._drawn(likeliest, kept, seed=seed, class_name=class_name, steps=steps)
        vectors = self.model.basis.unsqueeze(numbers)
        known = extender.known
        envelope, _ = self.splitter.from_tokens(vectors, steps=len(split.envelope))
        seam = torch.nonzero(known)[:, 0][-_SEAM_BANDS:]
        lacking = (split.envelope - envelope)[:, seam].mean(1, keepdim=True)
        raised = (envelope + _SEAM_SHARE * lacking).clamp(min=self.splitter.floor)
        return torch.where(known[None], split.envelope, raised)

    def _observed(self, split: Split, extender: Extender) -> Tensor:
        """Which numbers of a token's vector are known, ``(token_width,)``."""
        marks = extender.known[None].to(split.envelope).expand(self.splitter.token_steps, -1)
        width = torch.zeros(self.splitter.token_steps, split.width.shape[1])
        return self.splitter.to_tokens(marks, width)[0] > 0.5

    def _likeliest(self, split: Split, observed: Tensor) -> tuple[Tensor, Tensor]:
        """The map from numbers to vectors, and the numbers of each token given the known part of its vector.

        Both are normal: the numbers with the variances of the basis, what it cannot draw with one of its own; then
        the mean given the known part is a ridge regression.
        """
        basis = self.model.basis
        dims = len(basis.variances)
        mean = basis.unsqueeze(torch.zeros(1, dims))
        directions = (basis.unsqueeze(torch.eye(dims)) - mean).T  # (token_width, dims)
        vectors = self.splitter.to_tokens(split.envelope, split.width) - mean
        some = directions[observed]
        matrix = some.T @ some / _LOOSE + torch.diag(1 / basis.variances.clamp(min=1e-6))
        return directions, torch.linalg.solve(matrix, some.T @ vectors[:, observed].T / _LOOSE).T

    def _drawn(self, likeliest: Tensor, kept: Tensor, *, seed: int, class_name: str | None, steps: int) -> Tensor:
        """Numbers drawn by the flow; at every step what the known bands say is put back onto the path."""
        most, dims = self.splitter.most_tokens, likeliest.shape[1]
        windows = []
        for first in range(0, len(likeliest), most):
            known = likeliest[first : first + most]
            length, width = self.model.padded(len(known)), self.model.numbers
            clean = torch.zeros(1, length, width)
            clean[0, : len(known), :dims] = known
            noise = request_noise([seed + first], shape=(length, width), name="envelope")
            asked = [self.model.drawn(seed=seed, class_name=class_name, tokens=len(known))]
            point, times = noise, flow_times(max(2, steps), bend=1.2)
            for now, then in pairwise(times):
                guess = self.model.solve(point, asked, times=[now, 1.0], guidance=1.0)
                point = guess if then >= 1.0 else point + (then - now) * (guess - point) / (1.0 - now)
                path = noised(clean, noise, time=then)[..., :dims]
                point[..., :dims] += (path - point[..., :dims]) @ kept.T
            windows.append(point[0, : len(known), :dims])
        return torch.cat(windows)
