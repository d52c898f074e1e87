"""Pairs of noise and what a band flow makes of it, and what a student learns from them: straight ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_asking import TOLD, drawn_for, noise_for, times_for, together, told_for
from woodshed.families.generators._band_flow_losses import flow_misses
from woodshed.roles import Distils, Features, Request
from woodshed.sampling import flow_times, noised, seeded_generator

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_TOGETHER = 32  # rows solved at once; more than when generating, which is faster by far
_FREE = 0.1  # share of pairs of no class
_WISHED = 0.25  # share of pairs that were told some traits
_AT_STEPS = 0.5  # share of training points that lie where the student's solver looks
_LATEST = 0.95  # time up to which the others lie
_LIKE_LENGTH = 16  # rows of like length that are guessed together, so that little is padding

Guess = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


class OwnPairs(Distils):
    """The capability of a band flow to be a teacher; a base of it and of nothing else."""

    def own_pairs(self, count: int, *, seed: int) -> Features:
        """Noise and where the flow takes it, for new requests; see `Distils.own_pairs`."""
        return PairDrawer(cast("BandFlow", self)).pairs(count, seed=seed)

    def student(self, *, steps: int) -> BandFlow:
        """The same model with so many steps and no guidance as defaults; see `Distils.student`."""
        model = cast("BandFlow", self)
        config = model.config.model_copy(update={"steps": steps, "new_steps": steps, "guidance": 1.0})
        made = type(model)(config, model.spec, seed=model.seed)
        made.load_state_dict(model.state_dict())
        return made


@dataclass(frozen=True)
class _Pair:
    """One way of the teacher: where it began, where it ended, and what it was told."""

    noise: Tensor  # (tokens, numbers)
    tokens: Tensor
    class_index: int
    told: Tensor  # as `told_for` gives it


class PairDrawer:
    """Draws pairs with one model.

    Parameters
    ----------
    model
        The teacher.
    """

    def __init__(self, model: BandFlow) -> None:
        self.model = model

    def pairs(self, count: int, *, seed: int) -> Features:
        """So many pairs as features; see `Distils.own_pairs`."""
        plain = self.requests(count - round(_WISHED * count), seed=seed)
        pairs = self._solved(plain)
        wishing = self._wishing(plain, pairs, count=count - len(plain), seed=seed)
        return self._features(pairs + self._solved(wishing))

    def requests(self, count: int, *, seed: int) -> list[Request]:
        """Requests without wishes, classes in the proportions of the training sounds."""
        rng = np.random.default_rng(derive_seed(seed, "classes of pairs"))
        names = self.model.spec.classes
        counts = self.model.class_counts[:-1].double().numpy()
        known = counts.sum() > 0
        rows = rng.choice(len(names), size=count, p=counts / counts.sum()) if known else np.zeros(count, int)
        free = (rng.random(count) < _FREE) | (not known)
        return [
            Request(seed=derive_seed(seed, "pair", number), class_name=None if alone else names[row])
            for number, (row, alone) in enumerate(zip(rows, free, strict=True))
        ]

    def _wishing(self, plain: Sequence[Request], pairs: Sequence[_Pair], *, count: int, seed: int) -> list[Request]:
        """Requests that wish for some traits another sound of the same class turned out to have."""
        rng = np.random.default_rng(derive_seed(seed, "wishes of pairs"))
        wishing = []
        for number in range(count if plain else 0):
            place = int(rng.integers(len(plain)))
            frames = len(pairs[place].tokens) * self.model.token_frames
            shape = self.model.shape_of(pairs[place].tokens, frames=frames)
            traits = {name: value for name, value in self.model.traits.of(shape).items() if rng.random() < 0.5}
            asked = replace(plain[place], seed=derive_seed(seed, "wishing pair", number), wishes=traits)
            wishing.append(asked)
        return wishing

    def _solved(self, requests: Sequence[Request]) -> list[_Pair]:
        """Where the model's own solver ends for each request, in the order of the requests."""
        model = self.model
        drawn = [drawn_for(model, request) for request in requests]
        found: dict[int, _Pair] = {}
        for length, some in together(model, drawn, most=_TOGETHER):
            rows = [drawn[number] for number in some]
            noise = noise_for(model, rows, length=length)
            times = times_for(model, rows, steps=None)
            ends = model.solve(noise, rows, times=times, guidance=model.config.guidance)
            for number, start, end in zip(some, noise, ends, strict=True):
                tokens = drawn[number].tokens
                told = told_for(model, drawn[number])
                found[number] = _Pair(start[:tokens], end[:tokens], drawn[number].class_index, told)
        return [found[number] for number in range(len(requests))]

    def _features(self, pairs: Sequence[_Pair]) -> Features:
        longest = max((len(pair.tokens) for pair in pairs), default=1)
        shape = (len(pairs), longest, self.model.numbers)
        noise, tokens = torch.zeros(shape, dtype=torch.float16), torch.zeros(shape, dtype=torch.float16)
        for number, pair in enumerate(pairs):
            noise[number, : len(pair.noise)] = pair.noise
            tokens[number, : len(pair.tokens)] = pair.tokens
        return Features(
            {
                "noise": noise,
                "tokens": tokens,
                "counts": torch.tensor([len(pair.tokens) for pair in pairs], dtype=torch.long),
                "classes": torch.tensor([pair.class_index for pair in pairs], dtype=torch.long),
                "told": torch.stack([pair.told for pair in pairs]) if pairs else torch.zeros(0, TOLD),
            }
        )


def pair_losses(batch: Mapping[str, Tensor], *, guess: Guess, steps: int, seed: int) -> dict[str, Tensor]:
    """How far guessed ends are off on the straight ways of these pairs, weighted as speeds.

    Parameters
    ----------
    batch
        As `PairDrawer.pairs` gives them.
    guess
        The clean tokens, from points, times, classes, counts and what the network is told.
    steps
        Of the student; half of the points lie at the times where its solver looks.

    References
    ----------
    Liu et al. 2023, "Flow straight and fast: learning to generate and transfer data with rectified flow", eq. 1 on
    pairs that the model itself coupled (reflow); Meng et al. 2023, "On distillation of guided diffusion models", for
    learning what guidance makes of a guess.
    """
    tokens, noise, counts = batch["tokens"].float(), batch["noise"].float(), batch["counts"]
    time = pair_times(len(tokens), steps=steps, seed=seed).to(tokens)
    told = batch["told"].to(tokens)
    point = noised(tokens, noise, time=time)
    total = tokens.new_zeros(())
    for part in torch.argsort(counts).chunk(max(1, len(tokens) // _LIKE_LENGTH)):
        longest = int(counts[part].max())
        found = guess(point[part, :longest], time[part], batch["classes"][part], counts[part], told[part])
        total = total + flow_misses(found, tokens[part, :longest], time=time[part], counts=counts[part]).sum()
    return {"flow": total / len(tokens)}


def pair_times(count: int, *, steps: int, seed: int) -> Tensor:
    """Times to learn at, ``(count,)``: half of them those of a solver with so many steps, the others anywhere.

    Examples
    --------
    >>> times = pair_times(100, steps=4, seed=1)
    >>> bool((times == 0).any()), bool((times <= 0.95).all())
    (True, True)
    """
    generator = seeded_generator(seed, "times of pairs")
    looked_at = torch.tensor(flow_times(steps, bend=1.2)[:-1])
    chosen = looked_at[torch.randint(len(looked_at), (count,), generator=generator)]
    anywhere = _LATEST * torch.rand(count, generator=generator)
    return torch.where(torch.rand(count, generator=generator) < _AT_STEPS, chosen, anywhere)
