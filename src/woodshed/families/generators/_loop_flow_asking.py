"""From a request to what a loop will be: its tempo, tokens, exact length and peak, drawn as each class has them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from woodshed.base.errors import KnobOutOfRange, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._loop_flow_grid import BAR_TOKENS, BEAT_TOKENS, MOST_TOKENS, plain_tokens
from woodshed.nn import at_quantile
from woodshed.roles import Request
from woodshed.sound import MOST_BPM

_QUANTILES = 33
_MOST_BARS = 64  # four times as many as those of loops to learn from
_LOUDEST_DB = -0.3


@dataclass(frozen=True)
class Drawn:
    """What a ring of tokens is conditioned on, and how long and loud its loop will be."""

    class_index: int
    tokens: int
    frames: int
    peak: float


@dataclass(frozen=True)
class LoopFacts:
    """What is kept of one training loop: class number, seconds per token, tokens, peak amplitude."""

    class_index: int
    token_s: float
    tokens: int
    peak: float


class LoopTables(nn.Module):
    """How fast, long and loud the loops of each class are, as quantiles; the last row is that of all classes.

    Parameters
    ----------
    classes
        How many.
    sample_rate_hz, max_duration_s
        Of the model.
    """

    tempo: Tensor
    count: Tensor
    level: Tensor
    class_counts: Tensor

    def __init__(self, *, classes: int, sample_rate_hz: int, max_duration_s: float) -> None:
        super().__init__()
        self.sample_rate_hz, self.max_duration_s = sample_rate_hz, max_duration_s
        self.register_buffer("tempo", torch.zeros(classes + 1, _QUANTILES))  # log of seconds per token
        self.register_buffer("count", torch.zeros(classes + 1, _QUANTILES))  # log2 of tokens
        self.register_buffer("level", torch.zeros(classes + 1, _QUANTILES))  # peak in dB
        self.register_buffer("class_counts", torch.zeros(classes + 1))

    def fit(self, facts: list[LoopFacts]) -> None:
        """Set the quantiles from the training loops."""
        rows = [
            (one.class_index, math.log(one.token_s), math.log2(one.tokens), 20 * math.log10(max(1e-5, one.peak)))
            for one in facts
        ]
        numbers = torch.tensor(rows, dtype=torch.float64)
        grid = torch.linspace(0, 1, _QUANTILES, dtype=torch.float64)
        for row in range(len(self.class_counts)):
            mine = numbers if row == len(self.class_counts) - 1 else numbers[numbers[:, 0] == row]
            self.class_counts[row] = len(mine)
            if len(mine):
                for column, table in enumerate((self.tempo, self.count, self.level), start=1):
                    table[row] = torch.quantile(mine[:, column], grid).float()

    def drawn(self, request: Request, *, class_index: int) -> Drawn:
        """What a request asks for; what it leaves open comes from its seed.

        Raises
        ------
        KnobOutOfRange
            If the loop would be longer than the model's longest, have more bars than 64, or a tempo
            that no file can say.
        UsageError
            If a length is asked for besides a tempo and bars.
        """
        row = class_index if self.class_counts[class_index] > 0 else len(self.class_counts) - 1
        places = np.random.default_rng(derive_seed(request.seed, "tempo, length and level")).uniform(size=3)
        token_s = math.exp(at_quantile(self.tempo[row], places[0]))
        tokens = _even_tokens(2 ** at_quantile(self.count[row], places[1]))
        peak = 10 ** (min(at_quantile(self.level[row], places[2]), _LOUDEST_DB) / 20)
        if request.bpm is not None:
            token_s = 60.0 / (request.bpm * BEAT_TOKENS)
        if request.bars is not None:
            tokens = _tokens_of(request.bars)
        if request.duration_s is not None:
            tokens, seconds = self._of_length(request, token_s)
            return Drawn(class_index, tokens, max(1, round(seconds * self.sample_rate_hz)), peak)
        while request.bars is None and tokens > 1 and (tokens * token_s > self.max_duration_s or tokens > MOST_TOKENS):
            tokens = max(1, tokens // 2)
        if request.bpm is None:
            token_s = min(token_s, self.max_duration_s / tokens)
        seconds = self._checked(tokens * token_s)
        return Drawn(class_index, tokens, max(1, round(seconds * self.sample_rate_hz)), peak)

    def _of_length(self, request: Request, token_s: float) -> tuple[int, float]:
        """Tokens and seconds where a length is asked for: with bars the tempo follows, with a tempo whole beats."""
        if request.bpm is not None and request.bars is not None:
            raise UsageError(
                "A length was asked for besides bpm and bars",
                cause="a tempo and a number of bars already make the length",
                way_out="leave one of the three out",
            )
        seconds = self._checked(request.duration_s or 0.0)
        if request.bars is not None:
            tokens = _tokens_of(request.bars)
            bpm = 60.0 * tokens / BEAT_TOKENS / seconds
            if bpm >= MOST_BPM:
                raise KnobOutOfRange(
                    f"{request.bars} bars in {seconds:.4g} s are {bpm:.0f} bpm",
                    cause="a length was asked for that is too short for so many bars",
                    way_out="ask for fewer bars or a longer loop",
                )
            return tokens, seconds
        if request.bpm is None:
            return plain_tokens(seconds, token_s=token_s), seconds
        beat_s = token_s * BEAT_TOKENS
        beats = max(1, min(int(self.max_duration_s / beat_s + 1e-6), round(seconds / beat_s)))
        return beats * BEAT_TOKENS, beats * beat_s

    def _checked(self, duration_s: float) -> float:
        if not 0.0 < duration_s <= self.max_duration_s + 1e-6:
            raise KnobOutOfRange(
                f"A loop of {duration_s:.4g} s cannot be made",
                cause=f"this model makes loops up to {self.max_duration_s:g} s",
                way_out="ask for fewer bars, a faster tempo or a shorter length",
            )
        return duration_s


def _tokens_of(bars: int) -> int:
    if bars > _MOST_BARS:
        raise KnobOutOfRange(
            f"A loop of {bars} bars cannot be made",
            cause=f"loops have {_MOST_BARS} bars at most",
            way_out=f"ask for {_MOST_BARS} bars or fewer",
        )
    return bars * BAR_TOKENS


def _even_tokens(count: float) -> int:
    """Whole bars from two bars up, else a power of two."""
    if count >= 2 * BAR_TOKENS:
        return min(MOST_TOKENS, BAR_TOKENS * round(count / BAR_TOKENS))
    return 2 ** max(0, round(math.log2(max(1.0, count))))
