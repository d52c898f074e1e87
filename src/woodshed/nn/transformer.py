"""A small transformer over a row of tokens that is told, at every layer, what it is making."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional


def wave_positions(places: Tensor, *, width: int, longest: float) -> Tensor:
    """Sines and cosines of places, wavelengths from 2 pi up to ``longest``, each of unit scale.

    Parameters
    ----------
    places
        Any shape ``(...)``, in tokens (or any unit).
    width
        Even number of values per place.
    longest
        Longest wavelength, in the unit of the places.

    Examples
    --------
    >>> wave_positions(torch.arange(3.0), width=8, longest=100.0).shape
    torch.Size([3, 8])
    """
    angles = places[..., None] * _rates(width // 2, longest).to(places)
    return torch.cat([angles.sin(), angles.cos()], dim=-1) * math.sqrt(2.0)


@cache
def _rates(count: int, longest: float) -> Tensor:
    with torch.inference_mode(mode=False):  # what is kept must serve training too
        return torch.exp(-math.log(max(longest / (2 * math.pi), 1.0)) * torch.arange(count) / max(1, count - 1))


class TokenMixer(nn.Module):
    """Looks at the three tokens on either side, each dimension by itself (depthwise convolution of width 7)."""

    def __init__(self, width: int, *, reach: int = 3) -> None:
        super().__init__()
        self.reach = reach
        self.taps = nn.Parameter(torch.randn(width, 1, 1, 2 * reach + 1) * (0.5 / math.sqrt(2 * reach + 1)))

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, tokens, width)``; what was masked must be zero on the way in."""
        image = x.transpose(1, 2)[:, :, None]  # (b, w, 1, t), channels last in memory: the fastest form on a CPU
        mixed = functional.conv2d(image, self.taps, padding=(0, self.reach), groups=x.shape[-1])
        return x + mixed[:, :, 0].transpose(1, 2)


class SteeredBlock(nn.Module):
    """Neighbours, attention with normed queries and keys, then a per-token network; all steered by the condition.

    ``mixer`` makes what looks at neighbours, from a width; a block on a row and one on a ring differ in that alone.
    """

    def __init__(
        self, width: int, *, heads: int, cond_width: int, mixer: Callable[[int], nn.Module], stretch: int = 4
    ) -> None:
        super().__init__()
        self.heads = heads
        self.steer = nn.Linear(cond_width, 6 * width)
        self.mix_before = mixer(width)
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width)
        self.mix_between = mixer(width)
        self.widen = nn.Linear(width, stretch * width)
        self.narrow = nn.Linear(stretch * width, width)
        nn.init.zeros_(self.steer.weight)
        nn.init.zeros_(self.steer.bias)

    def attend(self, y: Tensor, present: Tensor | None) -> Tensor:
        qkv = self.to_qkv(y).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (3, b, h, t, d)
        q, k = functional.normalize(qkv[:2], dim=-1)
        mask = None if present is None else present[:, None, None, :].expand(-1, -1, y.shape[1], -1)
        seen = functional.scaled_dot_product_attention(q, k, qkv[2], attn_mask=mask, scale=math.sqrt(q.shape[-1]))
        return self.attended(seen.transpose(1, 2).flatten(-2))


class Block(SteeredBlock):
    """A block on a row of tokens."""

    def __init__(self, width: int, *, heads: int, cond_width: int) -> None:
        super().__init__(width, heads=heads, cond_width=cond_width, mixer=TokenMixer)

    def forward(self, x: Tensor, condition: Tensor, present: Tensor | None) -> Tensor:
        """``x`` (batch, tokens, width), ``condition`` (batch, cond_width), ``present`` bool (batch, tokens) or all."""
        shift_a, scale_a, gate_a, shift_b, scale_b, gate_b = self.steer(condition)[:, None].chunk(6, dim=-1)
        y = self.mix_before(_only(steered(x, shift_a, scale_a), present))
        x = torch.addcmul(x, gate_a, self.attend(y, present))
        y = self.mix_between(_only(steered(x, shift_b, scale_b), present))
        return torch.addcmul(x, gate_b, self.narrow(functional.gelu(self.widen(y))))


class SteeredTransformer(nn.Module):
    """Maps a row of noisy tokens and a condition to a row of tokens; starts by giving zeros.

    Parameters
    ----------
    dims
        Numbers per token.
    width, layers, heads
        Size of the network.
    cond_width
        Numbers in the condition.
    most_tokens
        Longest row it will meet.

    Examples
    --------
    >>> net = SteeredTransformer(dims=4, width=16, layers=1, heads=2, cond_width=8, most_tokens=10)
    >>> net(torch.randn(2, 10, 4), torch.randn(2, 8), torch.tensor([10, 3])).abs().max().item()
    0.0
    """

    def __init__(self, *, dims: int, width: int, layers: int, heads: int, cond_width: int, most_tokens: int) -> None:
        super().__init__()
        self.width = width
        self.most_tokens = most_tokens
        self.come_in = nn.Linear(dims, width)
        self.place = nn.Linear(2 * width, width)
        self.blocks = nn.ModuleList(Block(width, heads=heads, cond_width=cond_width) for _ in range(layers))
        self.steer_out = nn.Linear(cond_width, 2 * width)
        self.go_out = nn.Linear(width, dims)
        nn.init.zeros_(self.go_out.weight)
        nn.init.zeros_(self.go_out.bias)

    def forward(
        self,
        tokens: Tensor,
        condition: Tensor,
        counts: Tensor,
        *,
        first: Tensor | None = None,
        totals: Tensor | None = None,
    ) -> Tensor:
        """Give one row per row.

        Parameters
        ----------
        tokens
            ``(batch, tokens, dims)``.
        condition
            ``(batch, cond_width)``.
        counts
            How many tokens of each row are sound, ``(batch,)``; the others are neither heard nor made.
        first, totals
            Of rows that are windows of longer ones: where each begins and how long the longer one is, ``(batch,)``.
        """
        present = _present(tokens.shape[1], counts)
        x = self.come_in(tokens) + self.place(self._places(tokens, counts, first=first, totals=totals))
        for block in self.blocks:
            x = block(x, condition, present)
        shift, scale = self.steer_out(condition)[:, None].chunk(2, dim=-1)
        return _only(self.go_out(steered(x, shift, scale)), present)

    def _places(self, tokens: Tensor, counts: Tensor, *, first: Tensor | None, totals: Tensor | None) -> Tensor:
        """Where every token stands, from the start and from the end, ``(batch, tokens, 2 * width)``."""
        longest = 4.0 * self.most_tokens
        if first is None and totals is None and tokens.device.type == "cpu":
            return _whole_rows(tokens.shape[1], tuple(counts.tolist()), self.width, longest).to(tokens)
        place = torch.arange(tokens.shape[1], device=tokens.device)[None] + (0 if first is None else first[:, None])
        return _from_both_ends(place, counts if totals is None else totals, self.width, longest).to(tokens)


def _from_both_ends(place: Tensor, totals: Tensor, width: int, longest: float) -> Tensor:
    left = (totals[:, None] - 1 - place).clamp(min=0)  # tokens to the end
    both = torch.stack([place.expand_as(left), left], dim=-1).float()
    return wave_positions(both, width=width, longest=longest).flatten(-2)


@lru_cache(maxsize=8)
def _whole_rows(tokens: int, counts: tuple[int, ...], width: int, longest: float) -> Tensor:
    with torch.inference_mode(mode=False):
        return _from_both_ends(torch.arange(tokens)[None], torch.tensor(counts), width, longest)


def _present(tokens: int, counts: Tensor) -> Tensor | None:
    """Which tokens are sound, ``(batch, tokens)``; None where all are, if that is known without waiting for a GPU."""
    if counts.device.type == "cpu" and int(counts.min()) >= tokens:
        return None
    return torch.arange(tokens, device=counts.device)[None] < counts[:, None]


def _only(x: Tensor, present: Tensor | None) -> Tensor:
    return x if present is None else x * present[..., None].to(x)


def steered(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Each token normed, then scaled and shifted by the condition."""
    return torch.addcmul(shift, functional.layer_norm(x, x.shape[-1:]), 1 + scale)
