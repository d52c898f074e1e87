"""What Gaussian statistics know of a ring of tokens: how strongly each number repeats per bar, per beat, or not at all.

A loop that repeats every bar has its power at whole cycles per bar; one that never changes, at none; drums and pads
differ in this, so each class has statistics of its own. Learned in closed
form, this gives the best guess of a clean ring from a noisy one, and leaves to a network only what is beyond it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

_PARTS = 4  # frequencies told apart per cycle a bar
_SHRINK = 4.0

Gains = Callable[[Tensor, Tensor], Tensor]


class RingPrior(nn.Module):
    """Variance of each number of a token at each frequency round the ring, for each class; the last is of all.

    Parameters
    ----------
    dims
        Numbers per token.
    bar_tokens
        Tokens in a bar.
    classes
        How many there are.

    Examples
    --------
    >>> prior = RingPrior(dims=2, bar_tokens=16, classes=1)
    >>> prior.fit([(torch.ones(32, 2), 0)] * 50)  # rings that never change
    >>> noisy = torch.zeros(1, 32, 2)
    >>> noisy[0, ::2] = 1.0
    >>> known = {"time": torch.tensor([0.5]), "counts": torch.tensor([32]), "classes": torch.tensor([0])}
    >>> guess = prior.plain(noisy, **known)
    >>> bool((guess[0, 0] - guess[0, 1]).abs().max() < 0.3)
    True
    """

    variances: Tensor

    def __init__(self, *, dims: int, bar_tokens: int, classes: int) -> None:
        super().__init__()
        self.bar_tokens = bar_tokens
        self.register_buffer("variances", torch.ones(classes + 1, _PARTS * bar_tokens // 2 + 1, dims))

    def fit(self, rings: list[tuple[Tensor, int]]) -> None:
        """Set the variances from rings ``(tokens, dims)`` and their class numbers, below 0 for none.

        A ring counts as it is and as heard twice, for a loop of two bars is one of four as well. What was seldom seen
        of a class leans on all classes, and what was seldom seen of these on the mean.
        """
        if not rings:
            return
        total, counts = torch.zeros_like(self.variances), torch.zeros(*self.variances.shape[:2], 1)
        for ring, class_index in rings:
            for times in (1, 2):
                power = torch.fft.rfft(ring.float().repeat(times, 1), dim=0, norm="ortho").abs().square()
                rows = self._rows(times * len(ring))
                for one in {max(class_index, -1), -1}:
                    total[one].index_add_(0, rows, power)
                    counts[one].index_add_(0, rows, torch.ones(len(rows), 1))
        common = (total[-1] + _SHRINK * total[-1].sum(0) / counts[-1].sum()) / (counts[-1] + _SHRINK)
        self.variances.copy_(((total + _SHRINK * common) / (counts + _SHRINK)).clamp(min=1e-4))
        self.variances[-1] = common.clamp(min=1e-4)

    def plain(self, point: Tensor, *, time: Tensor, counts: Tensor, classes: Tensor) -> Tensor:
        """The best guess of the clean rings from noisy ones at their times, ``(batch, tokens, dims)``."""

        def gains(variances: Tensor, t: Tensor) -> Tensor:
            return t * variances / (t.square() * variances + (1 - t).square())

        return self._filtered(point, time, counts, classes, gains)

    def coloured(self, even: Tensor, *, time: Tensor, counts: Tensor, classes: Tensor) -> Tensor:
        """What a network of even output adds, weighted by how far off the plain guess is at each frequency."""

        def gains(variances: Tensor, t: Tensor) -> Tensor:
            off = (1 - t).square()
            return (off * variances / (t.square() * variances + off)).sqrt()

        return self._filtered(even, time, counts, classes, gains)

    def _filtered(self, rings: Tensor, time: Tensor, counts: Tensor, classes: Tensor, gains: Gains) -> Tensor:
        done = torch.zeros_like(rings)
        for count in torch.unique(counts).tolist():
            mine = torch.nonzero(counts == count)[:, 0]
            spectrum = torch.fft.rfft(rings[mine, :count].float(), dim=1)
            weight = gains(self.variances[classes[mine]][:, self._rows(count)], time[mine].reshape(-1, 1, 1))
            done[mine, :count] = torch.fft.irfft(spectrum * weight, n=count, dim=1).to(done)
        return done

    def _rows(self, tokens: int) -> Tensor:
        """The row of the table for each frequency of a ring."""
        cycles_per_bar = torch.arange(tokens // 2 + 1) * (self.bar_tokens / tokens)
        return (cycles_per_bar * _PARTS).round().long().to(self.variances.device)
