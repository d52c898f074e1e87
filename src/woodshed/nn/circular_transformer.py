"""A small transformer over a ring of tokens: neighbours reach round, and places are phases of the bar."""

from __future__ import annotations

import math

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from woodshed.nn.transformer import SteeredBlock, steered

REACH = 3
_HARMONICS = 8


class RingMixer(nn.Module):
    """Looks at the three tokens on either side, each dimension by itself, round the ring."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.taps = nn.Parameter(torch.randn(width, 1, 1, 2 * REACH + 1) * (0.5 / math.sqrt(2 * REACH + 1)))

    def forward(self, x: Tensor, around: Tensor) -> Tensor:
        """``x`` (batch, tokens, width), ``around`` (batch, tokens + 6): the token at each place of the ring."""
        ring = x.gather(1, around[..., None].expand(-1, -1, x.shape[-1]))
        image = rearrange(ring, "b t w -> b w 1 t")
        mixed = functional.conv2d(image, self.taps, groups=x.shape[-1])
        return x + rearrange(mixed, "b w 1 t -> b t w")


class RingBlock(SteeredBlock):
    """A block on a ring of tokens."""

    def __init__(self, width: int, *, heads: int, cond_width: int) -> None:
        super().__init__(width, heads=heads, cond_width=cond_width, mixer=RingMixer)

    def forward(self, x: Tensor, condition: Tensor, present: Tensor, around: Tensor) -> Tensor:
        """``x`` (batch, tokens, width), ``condition`` (batch, cond_width), ``present`` bool (batch, tokens)."""
        shift_a, scale_a, gate_a, shift_b, scale_b, gate_b = self.steer(condition)[:, None].chunk(6, dim=-1)
        y = self.mix_before(steered(x, shift_a, scale_a), around)
        x = x + gate_a * self.attend(y, present)
        y = self.mix_between(steered(x, shift_b, scale_b), around)
        return x + gate_b * self.narrow(functional.gelu(self.widen(y)))


class CircularTransformer(nn.Module):
    """Maps a ring of noisy tokens and a condition to a ring of tokens; starts by giving zeros.

    The last token is the neighbour of the first. Turning the ring by whole bars turns what comes out alike, and
    nothing tells how many bars there are: what was learned from rings of two bars holds on rings of four.

    Parameters
    ----------
    dims, dims_out
        Numbers per token that come in and go out.
    width, layers, heads
        Size of the network.
    cond_width
        Numbers in the condition.
    bar_tokens
        Tokens in a bar.

    Examples
    --------
    >>> net = CircularTransformer(dims=4, dims_out=4, width=16, layers=1, heads=2, cond_width=8, bar_tokens=16)
    >>> net(torch.randn(2, 10, 4), torch.randn(2, 8), torch.tensor([10, 3])).abs().max().item()
    0.0
    """

    def __init__(
        self, *, dims: int, dims_out: int, width: int, layers: int, heads: int, cond_width: int, bar_tokens: int
    ) -> None:
        super().__init__()
        self.bar_tokens = bar_tokens
        self.come_in = nn.Linear(dims, width)
        self.place = nn.Linear(2 * _HARMONICS, width)
        self.blocks = nn.ModuleList(RingBlock(width, heads=heads, cond_width=cond_width) for _ in range(layers))
        self.steer_out = nn.Linear(cond_width, 2 * width)
        self.go_out = nn.Linear(width, dims_out)
        nn.init.zeros_(self.go_out.weight)
        nn.init.zeros_(self.go_out.bias)

    def forward(self, tokens: Tensor, condition: Tensor, counts: Tensor) -> Tensor:
        """Give one ring per ring.

        Parameters
        ----------
        tokens
            ``(batch, tokens, dims)``.
        condition
            ``(batch, cond_width)``.
        counts
            How many tokens are on each ring, ``(batch,)``; the others are neither heard nor made.
        """
        index = torch.arange(tokens.shape[1], device=tokens.device)
        present = index[None] < counts[:, None]  # (batch, tokens)
        reach = torch.arange(-REACH, tokens.shape[1] + REACH, device=tokens.device)
        around = reach[None] % counts[:, None]  # (batch, tokens + 6)
        x = self.come_in(tokens) + self.place(self._phases(index.to(tokens)))
        for block in self.blocks:
            x = block(x, condition, present, around)
        shift, scale = self.steer_out(condition)[:, None].chunk(2, dim=-1)
        return self.go_out(steered(x, shift, scale)) * present[..., None].to(x)

    def _phases(self, index: Tensor) -> Tensor:
        """Sines and cosines of the place in the bar, ``(tokens, 2 * harmonics)``."""
        harmonics = torch.arange(1, _HARMONICS + 1).to(index) * (2 * math.pi)
        angles = (index / self.bar_tokens)[:, None] * harmonics
        return torch.cat([angles.sin(), angles.cos()], dim=-1) * math.sqrt(2.0)
