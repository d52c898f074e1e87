"""The sounds a latent flow learns from, as windows in float16: in memory only, and never more than a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from woodshed.base.seeds import derive_seed
from woodshed.nn import MOST_SEMITONES, LengthTable, SecondsGrid, at_speed, mid_and_side
from woodshed.roles import Features


@dataclass(frozen=True)
class Window:
    """A part of a sound as it is kept while training.

    Attributes
    ----------
    wave
        Mid and side (or one side), float16, ``(sides, frames)``.
    first, count, total
        The token it begins with, its tokens, and those of the whole sound.
    class_index, change
        Number of the class; how much it was sped up, -1 to 1.
    """

    wave: np.ndarray
    first: int
    count: int
    total: int
    class_index: int
    change: float


def windows(
    sides: np.ndarray, *, grid: SecondsGrid, window_tokens: int, class_index: int, change: float
) -> Iterator[Window]:
    """A sound of shape ``(sides, frames)`` in windows that overlap by a quarter; one window where it fits in."""
    total = grid.tokens_of(sides.shape[-1])
    for first in window_starts(total, window=window_tokens):
        start = first * grid.token_frames
        part = sides[:, start : start + window_tokens * grid.token_frames].astype(np.float16)
        yield Window(part, first, min(window_tokens, total - first), total, class_index, change)


def window_starts(total: int, *, window: int) -> list[int]:
    """First tokens of windows that cover so many tokens.

    Examples
    --------
    >>> window_starts(5, window=8), window_starts(20, window=8)
    ([0], [0, 6, 12])
    """
    if total <= window:
        return [0]
    starts = list(range(0, total - window, max(1, window * 3 // 4)))
    return [*starts, total - window] if starts[-1] + window < total else starts


@dataclass(frozen=True)
class WindowPool:
    """Draws windows of sounds, at most ``megabytes`` of them.

    Attributes
    ----------
    grid, channels
        Of the sounds.
    window_tokens, most_frames
        Longest window; longest sound, whose rest is left out.
    """

    grid: SecondsGrid
    channels: int
    window_tokens: int
    most_frames: int
    megabytes: int

    @property
    def frames(self) -> int:
        """Frames of a window."""
        return self.window_tokens * self.grid.token_frames

    @property
    def limit(self) -> int:
        """Most windows."""
        return max(1, self.megabytes * 10**6 // (2 * self.channels * self.frames))

    def drawn(self, heard: Iterable[tuple[np.ndarray | None, int]], *, copies: int, seed: int) -> list[Window]:
        """Windows of sounds ``(channels, frames)`` and of their copies; past the limit an even draw of them."""
        kept: list[Window] = []
        rng = np.random.default_rng(derive_seed(seed, "pool"))
        for number, window in enumerate(self._windows(heard, copies=copies, seed=seed)):
            if number < self.limit:
                kept.append(window)
            elif (place := int(rng.integers(number + 1))) < self.limit:
                kept[place] = window
        return kept

    def _windows(self, heard: Iterable[tuple[np.ndarray | None, int]], *, copies: int, seed: int) -> Iterator[Window]:
        for number, (data, class_index) in enumerate(heard):
            if data is None:
                continue
            rng = np.random.default_rng(derive_seed(seed, "augment", number))
            for copy in range(copies):
                change = 0.0 if copy == 0 else float(rng.uniform(-1, 1))
                semitones = change * MOST_SEMITONES
                changed = at_speed(data, semitones=semitones, sample_rate_hz=self.grid.sample_rate_hz)
                sides = mid_and_side(torch.from_numpy(changed[:, : self.most_frames])).numpy()
                yield from windows(
                    sides / max(1e-5, float(np.abs(changed).max(initial=0.0))),
                    grid=self.grid,
                    window_tokens=self.window_tokens,
                    class_index=class_index,
                    change=change,
                )

    def features(self, kept: list[Window], *, table: LengthTable) -> Features:
        """The windows as tensors; windows of rare classes are drawn more often, and those of long sounds less."""
        wave = torch.zeros(len(kept), self.channels, self.frames, dtype=torch.float16)
        for number, window in enumerate(kept):
            wave[number, :, : window.wave.shape[-1]] = torch.from_numpy(window.wave)
        numbers = torch.tensor([(w.first, w.count, w.total, w.class_index) for w in kept], dtype=torch.long)
        first, counts, totals, classes = numbers.reshape(-1, 4).unbind(1)
        classes = torch.where(classes < 0, len(table.counts) - 1, classes)
        changes = torch.tensor([[w.change] for w in kept]).reshape(-1, 1)
        tensors = {"wave": wave, "first": first, "counts": counts, "totals": totals}
        weights = table.rarity(classes) * (counts / totals).sqrt()
        return Features(tensors | {"classes": classes, "changes": changes}, weights=weights)
