"""What a band flow is told in training, and how far off its guesses are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from woodshed.families.generators._band_flow_copies import WHOLE_NUMBERS
from woodshed.nn import TRAITS

_WHOLE_WEIGHT = 0.4  # of what every token repeats: its mean over the tokens is what counts


def some_told(traits: Tensor, *, share: float, generator: torch.Generator) -> Tensor:
    """Traits as the network is told them: none at all, or each now and then, so that any few can be asked for."""
    rows, count = len(traits), len(TRAITS)
    some = torch.rand(rows, 1, generator=generator) < share
    kept = (torch.rand(rows, count, generator=generator) < 0.5) & some
    return traits * kept.repeat_interleave(2, dim=1).to(traits)


def noise_over(tokens: Tensor, *, exact: Tensor, repeated: Sequence[int], generator: torch.Generator) -> Tensor:
    """Noise for tokens ``(sounds, tokens, numbers)``; none over what is known of sounds that are exactly known."""
    noise = torch.randn(tokens.shape, generator=generator).to(tokens)
    noise[:, :, list(repeated)] *= 1 - exact[:, None, None]
    return noise


def flow_misses(guess: Tensor, clean: Tensor, *, time: Tensor, counts: Tensor) -> Tensor:
    """How far the guessed clean tokens are off, weighted as speeds of the flow, ``(sounds,)``."""
    present = torch.arange(clean.shape[1], device=clean.device)[None] < counts[:, None]
    squared = squared_misses(guess, clean) * present  # (sounds, tokens)
    per_sound = squared.sum(1) / counts.sqrt() / math.sqrt(16.0)  # long sounds count more, but not in full
    return per_sound / (1 - time).clamp(min=0.05).square()


def squared_misses(guess: Tensor, clean: Tensor) -> Tensor:
    """Mean square over the numbers of a token, ``(..., tokens)``; the last, those of the whole, weigh less."""
    squared = (guess - clean).square()
    whole = squared[..., -WHOLE_NUMBERS:].sum(-1) * _WHOLE_WEIGHT
    counted = squared.shape[-1] - (1 - _WHOLE_WEIGHT) * WHOLE_NUMBERS
    return (squared[..., :-WHOLE_NUMBERS].sum(-1) + whole) / counted
