"""Where the sounds a model learned from lie, a few numbers each; new sounds are asked for between neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from woodshed.nn.principal import Moments, PrincipalBasis

PLACE_NUMBERS = 16
_MOST_PLACES = 1024
_NEIGHBOURS = 4
_SAME = 1e-3  # nearer than this are places of one sound
_KNOWN = 0.75  # how often, in training, the network is told where a sound lies
_LIKE = 8  # of how many sounds that are most like what is asked for one is chosen
_UNKNOWN_MISS = 4.0  # how far off, squared, a sound counts where it has no such trait


@dataclass(frozen=True)
class Place:
    """Somewhere among the sounds heard: numbers, ``(PLACE_NUMBERS,)``, and the log of a length in seconds."""

    numbers: Tensor
    log_length: float


class Neighbourhood(nn.Module):
    """Places of the sounds a model learned from, class by class.

    The place of a sound is what its tokens are on the whole and how it begins, in a few principal directions. In
    training the network is told a place somewhere between a sound and one of its nearest neighbours of the same class:
    tightly where many sounds are alike, loosely where few are. New sounds are asked for in the same way.

    Parameters
    ----------
    numbers
        Numbers per token.
    dims
        How many of them, the first, tell the envelope.
    traits
        How many traits of a sound are kept: two numbers each, its value and whether it has one.

    References
    ----------
    Casanova et al. 2021, "Instance-conditioned GAN", arXiv:2109.05070, section 2: neighbourhoods as overlapping pieces
    of a distribution. Sheynin et al. 2022, "kNN-Diffusion", arXiv:2204.02849.
    """

    places: Tensor
    classes: Tensor
    lengths: Tensor
    traits: Tensor

    def __init__(self, *, numbers: int, dims: int, traits: int) -> None:
        super().__init__()
        self.dims = dims
        self.basis = PrincipalBasis(width=numbers + 2 * dims + 1, dims=PLACE_NUMBERS)
        self.register_buffer("places", torch.zeros(_MOST_PLACES, PLACE_NUMBERS))
        self.register_buffer("classes", torch.full((_MOST_PLACES,), -1))  # -1 where nothing is kept
        self.register_buffer("lengths", torch.zeros(_MOST_PLACES))  # log of seconds
        self.register_buffer("traits", torch.zeros(_MOST_PLACES, 2 * traits))

    def settle(
        self, tokens: Tensor, counts: Tensor, classes: Tensor, lengths: Tensor, traits: Tensor, *, seed: int
    ) -> None:
        """Keep the places of these sounds, in the stead of those of their classes.

        Parameters
        ----------
        tokens, counts
            ``(sounds, most tokens, numbers)`` and how many of them each sound has, ``(sounds,)``.
        classes, lengths
            Class numbers and log of seconds, ``(sounds,)``.
        traits
            ``(sounds, 2 * traits)``.
        seed
            Chooses which are kept where there are too many.
        """
        summaries = self._summaries(tokens, counts)
        if not bool((self.classes >= 0).any()):  # else the directions stay those the network knows
            moments = Moments(summaries.shape[1])
            moments.add(summaries)
            self.basis.fit(moments)
        kept = (self.classes >= 0) & ~torch.isin(self.classes, classes)
        new = {
            "places": self.basis.squeeze(summaries),
            "classes": classes,
            "lengths": lengths.float(),
            "traits": traits.float(),
        }
        rows = {name: torch.cat([getattr(self, name)[kept], tensor]) for name, tensor in new.items()}
        chosen = np.random.default_rng(seed).permutation(len(rows["classes"]))[:_MOST_PLACES]
        self.classes.fill_(-1)
        for name, tensor in rows.items():
            getattr(self, name)[: len(chosen)] = tensor[chosen]

    def told(self, tokens: Tensor, counts: Tensor, classes: Tensor, generator: torch.Generator) -> Tensor:
        """What the network is told in training of where sounds lie, ``(sounds, PLACE_NUMBERS + 1)``; often nothing.

        ``tokens`` and ``counts`` as in `settle`; ``classes`` (sounds,) are those of the sounds.
        """
        places = self.basis.squeeze(self._summaries(tokens, counts))
        apart = torch.cdist(places, self.places)
        apart = apart.masked_fill((self.classes[None] != classes[:, None]) | (apart < _SAME), math.inf)
        far, near = apart.topk(_NEIGHBOURS, largest=False)
        rows = torch.arange(len(places), device=places.device)
        which = torch.randint(_NEIGHBOURS, (len(places),), generator=generator).to(places.device)
        share = torch.rand(len(places), 1, generator=generator).to(places)
        share = torch.where(far[rows, which, None].isfinite(), share, 0.0)
        between = torch.lerp(places, self.places[near[rows, which]], share)
        known = (torch.rand(len(places), 1, generator=generator) < _KNOWN).to(places)
        return torch.cat([between * known, known], dim=-1)

    def draw(
        self,
        class_index: int | None,
        *,
        seed: int,
        roam: float = 0.0,
        log_length: float | None = None,
        traits: Tensor | None = None,
    ) -> Place | None:
        """A place between a sound of a class (of any where None) and a neighbour of it, or beyond; None where none is.

        Parameters
        ----------
        class_index
            Number of the class.
        seed
            Chooses among them.
        roam
            How far beyond: so much of what two sounds of the class, chosen at random, differ by is added. 0 stays among
            neighbours; at 1.2 new places lie about as far from the known as those of kits never heard.
        log_length, traits
            Log of seconds, and traits as `settle` got them: only the sounds nearest to what is known of these are
            chosen from.
        """
        mine = torch.nonzero(self.classes >= 0 if class_index is None else self.classes == class_index)[:, 0]
        if len(mine) == 0:
            return None
        rng = np.random.default_rng(seed)
        among = self._nearest_to(mine, log_length=log_length, traits=traits)
        here = among[int(rng.integers(len(among)))]
        apart = (self.places[mine] - self.places[here]).norm(dim=1)
        order = apart.argsort(stable=True)
        near = mine[order[apart[order] > _SAME]][:_NEIGHBOURS]
        there, share = (near[int(rng.integers(len(near)))], float(rng.uniform())) if len(near) else (here, 0.0)
        one, other = (mine[int(at)] for at in rng.integers(len(mine), size=2))
        step = math.sqrt(0.5) * (self.places[one] - self.places[other])
        return Place(
            torch.lerp(self.places[here], self.places[there], share) + roam * step,
            float(torch.lerp(self.lengths[here], self.lengths[there], share)),
        )

    def towards(
        self, tokens: Tensor, class_index: int | None, *, share: float, seed: int, roam: float = 0.0
    ) -> Tensor | None:
        """The place of ``(tokens, numbers)``, a share of the way to one that is drawn; None where none is kept."""
        drawn = self.draw(class_index, seed=seed, roam=roam)
        if drawn is None:
            return None
        own = self.basis.squeeze(self._summaries(tokens[None], torch.tensor([len(tokens)])))[0]
        return torch.lerp(own, drawn.numbers, share)

    def _nearest_to(self, rows: Tensor, *, log_length: float | None, traits: Tensor | None) -> Tensor:
        """The rows of sounds that are nearest to what is asked for; all where nothing is."""
        off = torch.zeros(len(rows))
        if log_length is not None:
            off = off + (self.lengths[rows] - log_length).square()
        if traits is not None:
            value, wanted = traits.reshape(-1, 2).T
            theirs, known = self.traits[rows].reshape(len(rows), -1, 2).unbind(-1)
            missed = torch.where(known > 0, (theirs - value).square(), _UNKNOWN_MISS)
            off = off + (missed * wanted).sum(1)
        return rows if not off.any() else rows[off.argsort(stable=True)[:_LIKE]]

    def renumber(self, before: Sequence[str], after: Sequence[str]) -> None:
        """Keep places under the class numbers of other names; those of a class no longer known are forgotten."""
        numbers = [after.index(name) if name in after else -1 for name in before]
        known = self.classes >= 0
        moved = torch.tensor([*numbers, len(after)])[self.classes.clamp(min=0)]  # the last number means any class
        self.classes.copy_(torch.where(known, moved, self.classes))

    def share(self, first: Neighbourhood, second: Neighbourhood, *, weight: float, seed: int) -> None:
        """Keep places of both, of the second as large a share as the weight says; the rows of two are no mean.

        Their directions are straightened too.
        """
        self.basis.straighten()
        rng = np.random.default_rng(seed)
        rows = torch.from_numpy(rng.random(_MOST_PLACES) < weight)
        rows = (rows & (second.classes >= 0)) | (first.classes < 0)
        for name in ("places", "classes", "lengths", "traits"):
            mine, theirs = getattr(first, name), getattr(second, name)
            getattr(self, name).copy_(torch.where(rows.reshape(-1, *[1] * (mine.dim() - 1)), theirs, mine))

    def _summaries(self, tokens: Tensor, counts: Tensor) -> Tensor:
        """One row per sound: its tokens on average, its first, those after it, and its length."""
        place = torch.arange(tokens.shape[1], device=tokens.device)[None]
        present = (place < counts[:, None])[..., None]
        whole = (tokens * present).sum(1) / counts[:, None]
        body = present & (place >= 1)[..., None] & (place < 4)[..., None]
        after = (tokens * body)[..., : self.dims].sum(1) / body.sum(1).clamp(min=1)
        after = torch.where((counts > 1)[:, None], after, tokens[:, 0, : self.dims])
        return torch.cat([whole, tokens[:, 0, : self.dims], after, 2 * torch.log2(counts.to(tokens))[:, None]], dim=-1)
