"""A U-shaped network over waveforms: halving and widening, attention where it is short, and back with crossings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

_GROUP = 16  # channels that are levelled together


class WaveBlock(nn.Module):
    """Two convolutions around a shortcut, steered by the condition."""

    def __init__(self, inputs: int, outputs: int, *, cond_width: int, reach: int = 2) -> None:
        super().__init__()
        taps = 2 * reach + 1
        self.first = nn.Conv1d(inputs, outputs, taps, padding=reach)
        self.second = nn.Conv1d(outputs, outputs, taps, padding=reach)
        self.shortcut = nn.Conv1d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()
        self.levelled = nn.ModuleList(nn.GroupNorm(max(1, outputs // _GROUP), outputs) for _ in range(2))
        self.steer = nn.Linear(cond_width, 2 * outputs)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``(batch, inputs, frames)`` to ``(batch, outputs, frames)``."""
        shift, scale = self.steer(condition)[..., None].chunk(2, dim=1)
        y = functional.silu(self.levelled[0](self.first(x)) * (1 + scale) + shift)
        return self.shortcut(x) + functional.silu(self.levelled[1](self.second(y)))


class WaveAttention(nn.Module):
    """Every place looks at every other."""

    def __init__(self, width: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, width)
        self.to_qkv = nn.Conv1d(width, 3 * width, 1, bias=False)
        self.go_out = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.go_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, width, places)``."""
        q, k, v = rearrange(self.to_qkv(self.norm(x)), "b (three h d) n -> three b h n d", three=3, h=self.heads)
        seen = functional.scaled_dot_product_attention(q, k, v)
        return x + self.go_out(rearrange(seen, "b h n d -> b (h d) n"))


class WaveNetwork(nn.Module):
    """Maps noisy waveforms, times and a condition to waveforms; starts by giving zeros.

    Parameters
    ----------
    channels
        Of the waveform.
    widths
        Channels of each level; from level to level the rate is divided by ``stride``.
    attention_levels
        How many of the deepest levels have attention.
    cond_width
        Numbers in the condition.

    Examples
    --------
    >>> net = WaveNetwork(channels=1, widths=(8, 16), stride=4, attention_levels=1, heads=2, cond_width=8)
    >>> net(torch.randn(2, 1, 64), torch.rand(2), torch.randn(2, 8)).abs().max().item()
    0.0
    """

    frequencies: Tensor

    def __init__(
        self,
        *,
        channels: int,
        widths: Sequence[int],
        stride: int,
        attention_levels: int,
        heads: int,
        cond_width: int,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("frequencies", torch.randn(16) * 0.6)
        self.time_in = nn.Linear(32, cond_width)
        self.come_in = nn.Conv1d(channels, widths[0], 1)
        pairs = list(itertools.pairwise(widths))
        flat = len(widths) - attention_levels
        self.down = nn.ModuleList(WaveBlock(width, width, cond_width=cond_width) for width in widths)
        self.down_seen = nn.ModuleList(_seen(width, heads, level >= flat) for level, width in enumerate(widths))
        self.shrink = nn.ModuleList(nn.Conv1d(a, b, 2 * stride, stride, stride // 2) for a, b in pairs)
        self.grow = nn.ModuleList(nn.ConvTranspose1d(b, a, 2 * stride, stride, stride // 2) for a, b in pairs)
        self.up = nn.ModuleList(WaveBlock(2 * width, width, cond_width=cond_width) for width in widths[:-1])
        self.up_seen = nn.ModuleList(_seen(width, heads, level >= flat) for level, width in enumerate(widths[:-1]))
        self.go_out = nn.Conv1d(widths[0], channels, 1)
        nn.init.zeros_(self.go_out.weight)
        nn.init.zeros_(self.go_out.bias)  # type: ignore[arg-type]

    def forward(self, wave: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        """``(batch, channels, frames)`` at times ``(batch,)``; frames a multiple of the whole shrinking."""
        angles = 2 * math.pi * time[:, None] * self.frequencies[None]
        told = functional.silu(self.time_in(torch.cat([angles.sin(), angles.cos()], dim=-1)) + condition)
        x, crossings = self.come_in(wave), []
        for level, block in enumerate(self.down):
            x = self.down_seen[level](block(x, told))
            if level < len(self.shrink):
                crossings.append(x)
                x = self.shrink[level](x)
        for level in reversed(range(len(self.grow))):
            x = torch.cat([self.grow[level](x), crossings[level]], dim=1)
            x = self.up_seen[level](self.up[level](x, told))
        return self.go_out(x)


def _seen(width: int, heads: int, wanted: bool) -> nn.Module:
    return WaveAttention(width, heads=heads) if wanted else nn.Identity()
