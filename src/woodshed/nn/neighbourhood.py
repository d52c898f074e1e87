"""Where the sounds a model learned from lie, a few numbers each; new sounds are asked for between them and beyond."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.cluster.hierarchy import leaves_list, linkage
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.nn.band_courses import BAND_COURSE_BANDS, BAND_COURSE_POINTS
from woodshed.nn.metal import LINE_POINTS
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.remembering import UntilChanged
from woodshed.nn.turns import evenly

PLACE_NUMBERS = 23  # with all else that is told 36: rows of whole 16 bytes are summed alike in any company
TOLD_NUMBERS = PLACE_NUMBERS + 2  # a place, whether one is told, and whether it is told exactly
_MOST_PLACES = 1024
_NEIGHBOURS = 4
_KEPT = ("places", "classes", "lengths", "traits", "wholes", "lines", "bands", "names")
_LEAST_SCALE = 0.2  # of the largest scale: what lies in a direction that hardly varied is not blown up
_ENOUGH = 4  # sounds of a class, to step by what two of them differ by
_TELLING = 8  # sounds of a class, to tell how much its numbers vary
_ROOM = 0.5  # of what they vary less than usual, by which new ones may lie beyond known ones on either side
_SAME = 1e-3  # nearer than this are places of one sound
_KNOWN = 0.75  # how often, in training, the network is told where a sound lies
_EXACT = 0.35  # how many of those times it is told exactly, and that it is
_BETWEEN = 2 / 3  # of the variance of two numbers, that of one somewhere between them, on average
_TINTED = 1.6  # times as far as known ones, that colours far away lie from the middle of their class
_FARTHEST = 3.0  # times the spread of a class that places far away lie apart at most
_OTHER_STEP = 0x6A09E667F3BCC909  # 0.4142... of 2^64, so that two rows of turns fill a square evenly too
_THIRD_STEP = 0xBB67AE8584CAA73B  # 0.7320... of it, for a third row
_LIKE = 8  # of how many sounds that are most like what is asked for one is chosen
_TRIES = 48  # places among which one is looked for that lies so far from all known ones
_MOST_COMPARED = 64  # sounds whose distances say how far two of a class lie apart
_BESIDE = 4  # sounds on either side of one in its row, that say how much of a crowd it stands in
_MOST_CROWDED = 4.0  # times nearer or farther than is usual in its class, that this counts at most
_OF_ITS_CLASS = 0.25  # how far, by ratio, what two of a class differ by counts beside what two of any class do
_LENGTH_WEIGHT = 2.0  # of the log of seconds, in how unlike two sounds are
_LIKE_IT = 2  # nearest sounds, towards one of which a take is led
_TOWARDS = (0.42, 0.5)  # how far
_CROWD = 12  # sounds of a class at least, for that: the nearest of few is not near
_UNKNOWN_MISS = 4.0  # how far off, squared, a sound counts where it has no such trait


@dataclass(frozen=True)
class Place:
    """Somewhere among the sounds heard.

    Attributes
    ----------
    numbers
        ``(PLACE_NUMBERS,)``.
    log_length
        Of seconds.
    whole
        The numbers that every token of a sound there repeats.
    lines
        How strong the lines are of the sound it begins from, ``(LINE_POINTS,)``.
    bands, highs
        How the bands run of the sound it begins from, and of the one it is about as bright as, ``(6, 24)``:
        `BandCourses`.
    name
        Number of the sound that lies there, as `Neighbourhood.settle` got it; 0 where none does.
    towards
        Number of the one it is led towards; 0 where it is led towards none, or one without a number.
    """

    numbers: Tensor
    log_length: float
    whole: Tensor
    lines: Tensor
    bands: Tensor
    highs: Tensor
    name: int = 0
    towards: int = 0


def no_farther(values: Tensor, known: Tensor) -> Tensor:
    """Values ``(..., n)``, none below or above all known of it, ``(sounds, n)``: nothing leans as nothing known.

    Examples
    --------
    >>> no_farther(torch.tensor([3.0, 0.5]), torch.tensor([[1.0, 0.0], [2.0, 1.0]])).tolist()
    [2.0, 0.5]
    """
    return torch.maximum(torch.minimum(values, known.amax(0)), known.amin(0))


def edges_of(known: Tensor, *, usual: Tensor, room: float) -> Tensor:
    """The least and the most that values of new sounds of a class may be, ``(2, n)``.

    What is known of it, ``(sounds, n)``; where it varies less than is usual in a class, ``(n,)``, a share of what it
    lacks beyond, on either side. A class of few kits is wider than its sounds tell.

    Examples
    --------
    >>> edges_of(torch.tensor([[1.0, 0.0], [2.0, 9.0]]), usual=torch.tensor([3.0, 3.0]), room=0.5).tolist()
    [[0.0, 0.0], [3.0, 9.0]]
    """
    low, high = known.amin(0), known.amax(0)
    beyond = room * (usual - (high - low)).clamp(min=0)
    return torch.stack([low - beyond, high + beyond])


def crowding(row: Tensor) -> Tensor:
    """How near each stands to those beside it, for points in a row ``(points, n)``: 1 as is usual, half to 2.

    The root of one over the median distance to four on either side, over that of all. 1 for all where they are few.

    Examples
    --------
    >>> [round(often**2, 2) for often in crowding(torch.tensor([[0.0], [1.0], [2.0], [3.0], [9.0]])).tolist()]
    [1.0, 2.0, 2.0, 1.0, 0.29]
    """
    count, row = len(row), row.double()
    if count < 3:
        return torch.ones_like(row[:, 0])
    apart = row.new_full((count, 2 * _BESIDE), math.nan)
    for step in range(1, min(_BESIDE, count - 1) + 1):
        steps = (row[step:] - row[:-step]).norm(dim=1)
        apart[step:, step - 1] = steps
        apart[:-step, _BESIDE + step - 1] = steps
    near = apart.nanmedian(dim=1).values
    usual = float(near.median())
    apart = near.clamp(usual / _MOST_CROWDED, usual * _MOST_CROWDED)
    return (usual / apart).sqrt() if usual > 0.0 else torch.ones_like(near)


class Neighbourhood(nn.Module):
    """Places of the sounds a model learned from, class by class.

    The place of a sound is what its tokens are on the whole and how it begins, in a few principal directions. In
    training the network is told a place somewhere between a sound and one of its nearest neighbours of the same class:
    tightly where many sounds are alike, loosely where few are. So sounds are asked for of which something is known.
    Now and then it is told exactly where the sound lies, and that this is exact: so further takes of a sound are asked
    for, and what is new altogether.

    Parameters
    ----------
    numbers
        Numbers per token.
    dims
        How many of them, the first, tell the envelope.
    repeated
        Which of them every token of a sound repeats; what they are is kept of each sound.
    of_one, tinged
        Which of the repeated ones, counted among these, are taken from one sound: how it leans, begins and runs. And
        which say how bright it is on the whole. What is new altogether begins, runs and lasts as one known sound does,
        and is about as bright as another, where there are two of its class: between any two these are not mixed.
    modes
        Which of them, among the same, say what rings. That is not mixed either: it rings as a third does.
    tints
        Which of them, among the same, tell the colour. They vary together, and little more than among known sounds,
        however far all else roams: what is far out in each of them is the colour of nothing.
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
    wholes: Tensor
    lines: Tensor
    bands: Tensor
    names: Tensor

    def __init__(
        self,
        *,
        numbers: int,
        dims: int,
        repeated: Sequence[int],
        traits: int,
        of_one: Sequence[int] = (),
        tinged: Sequence[int] = (),
        tints: Sequence[int] = (),
        modes: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.dims, self.repeated, self.of_one = dims, list(repeated), list(of_one)
        self.tinged, self.tints, self.modes = list(tinged), list(tints), list(modes)
        self.basis = PrincipalBasis(width=numbers + 2 * dims + 1, dims=PLACE_NUMBERS)
        self.register_buffer("places", torch.zeros(_MOST_PLACES, PLACE_NUMBERS))
        self.register_buffer("classes", torch.full((_MOST_PLACES,), -1))  # -1 where nothing is kept
        self.register_buffer("lengths", torch.zeros(_MOST_PLACES))  # log of seconds
        self.register_buffer("traits", torch.zeros(_MOST_PLACES, 2 * traits))
        self.register_buffer("wholes", torch.zeros(_MOST_PLACES, len(self.repeated)))
        self.register_buffer("lines", torch.zeros(_MOST_PLACES, LINE_POINTS, dtype=torch.half))
        bands = torch.zeros(_MOST_PLACES, BAND_COURSE_BANDS, BAND_COURSE_POINTS, dtype=torch.half)
        self.register_buffer("bands", bands)
        self.register_buffer("names", torch.zeros(_MOST_PLACES, dtype=torch.long))
        self.remembered = UntilChanged()  # what every new sound asks of all that is kept

    def settle(
        self,
        tokens: Tensor,
        counts: Tensor,
        *,
        classes: Tensor,
        lengths: Tensor,
        traits: Tensor,
        lines: Tensor,
        bands: Tensor,
        names: Tensor,
        seed: int,
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
        lines
            How strong the lines of each are, ``(sounds, LINE_POINTS)``.
        bands
            How the bands of each run, ``(sounds, 6, 24)``: `BandCourses`.
        names
            A number for each sound, which says whose place it is, or 0, ``(sounds,)``.
        seed
            Chooses which are kept where there are too many; every class keeps some.
        """
        summaries = self._summaries(tokens, counts)
        if not bool((self.classes >= 0).any()):  # else the directions stay those the network knows
            moments = Moments(summaries.shape[1])
            moments.add(summaries)
            self.basis.fit(moments)
            self.basis.scales.clamp_(
                min=_LEAST_SCALE * float(self.basis.scales.max())
            )  # few sounds span few directions
        kept = (self.classes >= 0) & ~torch.isin(self.classes, classes)
        new = {
            "places": self.basis.squeeze(summaries),
            "classes": classes,
            "lengths": lengths.float(),
            "traits": traits.float(),
            "wholes": summaries[:, self.repeated],  # a row begins with the mean over the tokens
            "lines": lines.half(),
            "bands": bands.half(),
            "names": names,
        }
        self._keep({name: torch.cat([getattr(self, name)[kept], tensor]) for name, tensor in new.items()}, seed=seed)

    def told(self, tokens: Tensor, counts: Tensor, *, classes: Tensor, generator: torch.Generator) -> Tensor:
        """What the network is told in training of where sounds lie, ``(sounds, TOLD_NUMBERS)``; often nothing.

        ``tokens`` and ``counts`` as in `settle`; ``classes`` (sounds,) are those of the sounds.
        """
        with torch.autocast(tokens.device.type, enabled=False):  # half of the width is too coarse to know a sound again
            places = self.basis.squeeze(self._summaries(tokens.float(), counts))
            apart = (places[:, None] - self.places[None]).norm(dim=-1)
        apart = apart.masked_fill((self.classes[None] != classes[:, None]) | (apart < _SAME), math.inf)
        far, near = apart.topk(_NEIGHBOURS, largest=False)
        rows = torch.arange(len(places), device=places.device)
        which = torch.randint(_NEIGHBOURS, (len(places),), generator=generator).to(places.device)
        share = torch.rand(len(places), 1, generator=generator).to(places)
        exact = (torch.rand(len(places), 1, generator=generator) < _EXACT).to(places)
        share = torch.where(far[rows, which, None].isfinite(), share * (1 - exact), 0.0)
        between = torch.lerp(places, self.places[near[rows, which]], share)
        known = (torch.rand(len(places), 1, generator=generator) < _KNOWN).to(places)
        return torch.cat([between, torch.ones_like(known), exact], dim=-1) * known

    def place_of(self, tokens: Tensor) -> Tensor | None:
        """The place of a sound's tokens ``(tokens, numbers)``; None where nothing was settled."""
        if not bool((self.classes >= 0).any()):
            return None
        return self.basis.squeeze(self._summaries(tokens[None], torch.tensor([len(tokens)], device=tokens.device)))[0]

    def draw(
        self,
        class_index: int | None,
        *,
        seed: int,
        turn: int | None = None,
        roam: float = 0.0,
        still: bool = False,
        apart: float = 0.0,
        log_length: float | None = None,
        traits: Tensor | None = None,
        held: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] | None = None,
        weights: Tensor | float = 1.0,
    ) -> Place | None:
        """A place between a sound of a class (of any where None) and another of it, or beyond; None where none is.

        It is as long as the sound it begins from, if it is not led. Which that is follows the turn in steps that fill a
        class evenly, and sounds that are alike stand beside each other: turns that lie side by side begin from sounds
        of all its kinds.

        Parameters
        ----------
        class_index
            Number of the class.
        seed
            Chooses among them.
        turn
            Which sound it begins from; the seed if None.
        still
            Stay by that sound, led not quite half way towards one of the two of its class that lie nearest: so it is
            led farther where a sound stands alone than in a crowd, and nothing goes beyond what is known. Sounds of a
            class of less than a dozen are not led. The sound is oftener one that has others like it beside it: one more
            of a family goes unnoticed.
        roam
            How far beyond: so much of what two sounds of the class, chosen at random, differ by is added (two of
            another class, where this one has too few to tell), and all is drawn back towards the middle of the class,
            so that what goes far mixes more and strays less. 0 stays among neighbours.
        apart
            Above 0 places lie between any two sounds of the class, and of several such the one is taken that is this
            unlike the nearest known sound, as nearly as any is. 1 is what two sounds of any class differ by, a quarter
            of the way, by ratio, towards what two of this class do (of another, where this one has too few): a class of
            few kits is wider than its sounds tell. How unlike two are is told by what all tokens of each repeat, and
            by their lengths.
        log_length, traits
            Log of seconds, and traits as `settle` got them: only the sounds nearest to what is known of these are
            chosen from.
        held
            Brings the numbers that all tokens of new sounds repeat, ``(tries, numbers)``, back to what is usual: it
            gets those of known sounds of the class, ``(sounds, numbers)``, the least and the most that each number may
            be, ``(2, numbers)`` (what is known, and more where a class varies less than is usual), and those of the
            sound that it is to be about as bright as, ``(numbers,)``. None keeps each number between these two.
        weights
            How much each of these numbers counts in how unlike two sounds are, ``(numbers,)``.
        """
        chosen = torch.nonzero(self.classes >= 0 if class_index is None else self.classes == class_index)[:, 0]
        if len(chosen) == 0:
            return None
        rng = np.random.default_rng(derive_seed(seed, "place"))
        among = self._nearest_to(chosen, log_length=log_length, traits=traits)
        way = evenly(seed if turn is None else turn) * len(among)
        here = among[int(way)]
        if still:
            alike = (self.classes[among] == self.classes[here]).nonzero()[:, 0]  # side by side: rows are kept by class
            part = (way - float(alike[0])) / len(alike)
            here = self._in_the_crowd(among[alike], way=min(1.0, max(0.0, part)), weights=weights)
            return self._led(here, among[alike], rng=rng)
        used = torch.nonzero(self.classes >= 0)[:, 0]
        mine = self._of_class_of(here)
        near = self._nearest_of_class(here, mine, most=len(mine) if apart > 0.0 else _NEIGHBOURS)
        apart_from = mine if len(mine) >= _ENOUGH else self._of_class_of(used[int(rng.integers(len(used)))])
        apart_from = apart_from if len(apart_from) >= _ENOUGH else used
        tries = _TRIES if apart > 0.0 else 1
        there = near[torch.from_numpy(rng.integers(len(near), size=tries))]
        share = torch.from_numpy(rng.uniform(size=(tries, 1))).to(self.places)
        first = rng.integers(len(apart_from), size=tries)
        second = (first + rng.integers(1, max(2, len(apart_from)), size=tries)) % len(apart_from)  # never the same
        one, other = (apart_from[torch.from_numpy(at)] for at in (first, second))
        kept = 1 / math.sqrt(1 + (roam / _FARTHEST) ** 2)

        def away(rows: Tensor, kept: float) -> Tensor:
            middle = rows[mine].mean(0)
            between = torch.lerp(rows[here].expand(tries, -1), rows[there], share)
            return middle + kept * (between + roam * math.sqrt(0.5) * (rows[one] - rows[other]) - middle)

        others, turn = mine if apart > 0.0 else near, seed if turn is None else turn
        bright = self._other_of_class(here, others, turn, step=_OTHER_STEP)
        ringing = self._other_of_class(here, others, turn, step=_THIRD_STEP)
        wholes = away(self.wholes, kept)
        wholes[:, self.tints] = away(self.wholes[:, self.tints], min(kept, _TINTED / math.sqrt(_BETWEEN + roam**2)))
        wholes[:, self.of_one] = self.wholes[here, self.of_one]
        wholes[:, self.tinged] = self.wholes[bright, self.tinged]
        wholes[:, self.modes] = self.wholes[ringing, self.modes]
        known = self.wholes[mine if len(mine) >= _ENOUGH else used]
        usual = self.remembered.of("usual", [self.classes, self.wholes], lambda: self.usual_spread(self.wholes))
        edges = edges_of(known, usual=usual, room=_ROOM)
        wholes = no_farther(wholes, edges) if held is None else held(wholes, known, edges, self.wholes[bright])
        best = 0
        if tries > 1:
            heard = self._heard(weights)
            mine_heard = _telling(wholes, self.lengths[here].expand(tries), weights)
            usual = self.remembered.of("between two", [self.classes, heard], lambda: self._usual_between_two(heard))
            wanted = apart * _between(self._between_two(apart_from, heard), usual)
            best = int((_distances(mine_heard, heard[used]).amin(1) - wanted).abs().argmin())
        highs = self.bands[bright].float()
        return replace(self._place_at(here), numbers=away(self.places, kept)[best], whole=wholes[best], highs=highs)

    def renumber(self, before: Sequence[str], after: Sequence[str]) -> None:
        """Keep places under the class numbers of other names; those of a class no longer known are forgotten."""
        numbers = [after.index(name) if name in after else -1 for name in before]
        moved = torch.tensor([*numbers, len(after)])  # the last number means any class
        known = (self.classes >= 0) & (self.classes < len(moved))
        self.classes.copy_(torch.where(known, moved[torch.where(known, self.classes, 0)], -1))
        self._forget(self.classes < 0)

    def take_from_both(self, first: Neighbourhood, second: Neighbourhood, *, weight: float, seed: int) -> None:
        """Keep places of two: each of the second with a chance of ``weight``, each of the first with what is left.

        For a model whose tensors are a mean of theirs: rows of two sounds have none. Directions are straightened.
        """
        self.basis.straighten()
        rng = np.random.default_rng(seed)
        sides = []
        for side, chance in ((first, 1.0 - weight), (second, weight)):
            sides.append((side, (side.classes >= 0) & torch.from_numpy(rng.random(_MOST_PLACES) < chance)))
        rows = {name: torch.cat([getattr(side, name)[kept] for side, kept in sides]) for name in _KEPT}
        self._keep(rows, seed=seed)

    # -- inside

    def _keep(self, rows: dict[str, Tensor], *, seed: int) -> None:
        """Write rows, at most so many; the first of every class come before the second of any."""
        owners = rows["classes"].cpu().numpy()
        order = np.random.default_rng(seed).permutation(len(owners))
        rank = np.zeros(len(owners), dtype=int)
        for owner in np.unique(owners):
            mine = order[owners[order] == owner]
            rank[mine] = np.arange(len(mine))
        chosen = order[np.argsort(rank[order], kind="stable")][:_MOST_PLACES]
        self._forget(torch.ones_like(self.classes, dtype=torch.bool))
        if len(chosen):
            chosen = torch.cat([mine[_in_a_row(rows["places"][mine])] for mine in _by_class(rows["classes"], chosen)])
            for name, tensor in rows.items():
                getattr(self, name)[: len(chosen)] = tensor[chosen]

    def _place_at(self, row: Tensor) -> Place:
        """The place of one of the rows, without its name."""
        bands, lines = self.bands[row].float(), self.lines[row].float()
        length, whole = float(self.lengths[row]), self.wholes[row].clone()
        return Place(self.places[row].clone(), length, whole, lines, bands, highs=bands)

    def _led(self, row: Tensor, mine: Tensor, *, rng: np.random.Generator) -> Place:
        """The place of one of the rows of a class, led towards one of the nearest; its modes and lines stay."""
        here = replace(self._place_at(row), name=int(self.names[row]))
        if len(mine) < _CROWD:
            return here
        others = mine[(self.names[mine] != here.name) | (self.names[mine] == 0)]  # one sound may have two places
        near = self._nearest_of_class(row, others, most=_LIKE_IT)
        near = near[near != row]
        if not len(near):
            return here
        other = near[int(rng.integers(len(near)))]
        there = self._place_at(other)
        share = float(rng.uniform(*_TOWARDS))
        whole = torch.lerp(here.whole, there.whole, share)
        whole[self.modes] = here.whole[self.modes]
        return replace(
            here,
            numbers=torch.lerp(here.numbers, there.numbers, share),
            log_length=here.log_length + share * (there.log_length - here.log_length),
            whole=whole,
            towards=int(self.names[other]),
        )

    def usual_spread(self, values: Tensor) -> Tensor:
        """From the least to the most of some values in a class, the median over classes of enough sounds; else 0.

        ``values`` has a row for each that is kept, or for none, ``(rows, n)``, as ``wholes`` has.
        """
        used = self.classes >= 0
        classes, values = self.classes[used], values[used]
        counts = torch.bincount(classes)
        if not bool((counts >= _TELLING).any()):
            return torch.zeros_like(values[0])
        rows = classes[:, None].expand_as(values)
        low, high = (
            values.new_zeros(len(counts), values.shape[1]).scatter_reduce(0, rows, values, end, include_self=False)
            for end in ("amin", "amax")
        )
        return (high - low)[counts >= _TELLING].quantile(0.5, dim=0)

    def _heard(self, weights: Tensor | float) -> Tensor:
        """What tells how unlike all sounds are, ``(rows, numbers that tell)``."""
        told_of = [self.wholes, self.lengths, torch.as_tensor(weights)]
        return self.remembered.of("heard", told_of, lambda: _telling(self.wholes, self.lengths, weights))

    def _forget(self, rows: Tensor) -> None:
        """Keep nothing of these rows, ``(rows,)``, true or not: a model tells nothing of what it no longer knows."""
        for name in _KEPT:
            getattr(self, name)[rows] = -1 if name == "classes" else 0

    def _between_two(self, rows: Tensor, heard: Tensor) -> float:
        """How unlike two of these rows are, their median; of many a part says it."""
        some = heard[rows[:: -(-len(rows) // _MOST_COMPARED)]]
        pairs = torch.triu_indices(len(some), len(some), offset=1)
        return float(_distances(some, some)[pairs[0], pairs[1]].median()) if len(some) > 1 else 0.0

    def _usual_between_two(self, heard: Tensor) -> float:
        """The same over all classes, one pair for each sound: itself and what stands half of its class away."""
        order = torch.nonzero(self.classes >= 0)[:, 0]
        order = order[self.classes[order].argsort(stable=True)]
        counts = torch.unique_consecutive(self.classes[order], return_counts=True)[1]
        first = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
        count = torch.repeat_interleave(counts, counts)
        other = first + (torch.arange(len(order), device=order.device) - first + count // 2) % count
        apart = (heard[order] - heard[order[other]]).norm(dim=1)
        for least in (_ENOUGH, 2):
            if bool((count >= least).any()):
                return float(apart[count >= least].median())
        return self._between_two(order, heard)

    def _nearest_of_class(self, row: Tensor, mine: Tensor, *, most: int) -> Tensor:
        """The rows of a class that lie nearest to a row, without its own place; itself where there is no other."""
        apart = (self.places[mine] - self.places[row]).norm(dim=1)
        order = apart.argsort(stable=True)
        near = mine[order[apart[order] > _SAME]][:most]
        return near if len(near) else row[None]

    def _other_of_class(self, row: Tensor, mine: Tensor, turn: int, *, step: int) -> Tensor:
        """Another of some rows, so chosen that turns side by side meet all of them evenly; itself where none is."""
        at = int(evenly(turn, step=step) * len(mine))
        return mine[at] if mine[at] != row else mine[(at + 1) % len(mine)]

    def _in_the_crowd(self, rows: Tensor, *, way: float, weights: Tensor | float) -> Tensor:
        """Of rows in a row, the one met so far on the way, from 0 to 1, on which those in a crowd take up more."""
        often = crowding(self._heard(weights)[rows]).cumsum(0)
        return rows[min(len(rows) - 1, int((often <= way * float(often[-1])).sum()))]

    def _of_class_of(self, row: Tensor) -> Tensor:
        return torch.nonzero(self.classes == self.classes[row])[:, 0]

    def _nearest_to(self, rows: Tensor, *, log_length: float | None, traits: Tensor | None) -> Tensor:
        """The rows of sounds that are nearest to what is asked for; all where nothing is."""
        if log_length is None and traits is None:
            return rows
        off = torch.zeros(len(rows), device=rows.device)
        if log_length is not None:
            off = off + (self.lengths[rows] - log_length).square()
        if traits is not None:
            value, wanted = traits.reshape(-1, 2).T
            theirs, known = self.traits[rows].reshape(len(rows), -1, 2).unbind(-1)
            missed = torch.where(known > 0, (theirs - value).square(), _UNKNOWN_MISS)
            off = off + (missed * wanted).sum(1)
        return rows[off.argsort(stable=True)[:_LIKE]]

    def _summaries(self, tokens: Tensor, counts: Tensor) -> Tensor:
        """One row per sound: its tokens on average, its first, those after it, and its length."""
        place = torch.arange(tokens.shape[1], device=tokens.device)[None]
        present = (place < counts[:, None])[..., None]
        whole = (tokens * present).sum(1) / counts[:, None]
        body = present & (place >= 1)[..., None] & (place < 4)[..., None]
        after = (tokens * body)[..., : self.dims].sum(1) / body.sum(1).clamp(min=1)
        after = torch.where((counts > 1)[:, None], after, tokens[:, 0, : self.dims])
        return torch.cat([whole, tokens[:, 0, : self.dims], after, 2 * torch.log2(counts.to(tokens))[:, None]], dim=-1)


def _telling(wholes: Tensor, lengths: Tensor, weights: Tensor | float) -> Tensor:
    """What tells how unlike sounds are, ``(sounds, numbers that tell)``: what counts of all they repeat, and length."""
    each = torch.as_tensor(weights).expand(wholes.shape[1])
    return torch.cat([(wholes * each)[:, each != 0], _LENGTH_WEIGHT * lengths[:, None]], dim=-1)


def _between(own: float, usual: float) -> float:
    """Between how unlike two of a class are and what is usual, by ratio."""
    return own**_OF_ITS_CLASS * usual ** (1.0 - _OF_ITS_CLASS)


def _distances(some: Tensor, others: Tensor) -> Tensor:
    """Distances of rows, worked out one by one: a choice hangs on them, which machines should not round otherwise."""
    return torch.cdist(some, others, compute_mode="donot_use_mm_for_euclid_dist")


def _by_class(classes: Tensor, chosen: npt.NDArray[np.integer]) -> list[Tensor]:
    """The chosen rows of each class, in the order chosen."""
    rows = torch.from_numpy(chosen)
    return [rows[classes[rows].cpu() == owner] for owner in torch.unique(classes[rows].cpu())]


def _in_a_row(places: Tensor) -> Tensor:
    """An order in which neighbours stand beside each other, so that even steps through it meet all kinds of sounds."""
    if len(places) < 3:
        return torch.arange(len(places))
    tree = linkage(places.double().cpu().numpy(), "average", optimal_ordering=True)
    return torch.from_numpy(leaves_list(tree).astype(np.int64))
