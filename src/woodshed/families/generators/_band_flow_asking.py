"""From a request to what a sound will be: its class, length, peak and traits, drawn as each class has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from woodshed.base.errors import KnobOutOfRange, UnknownName, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_copies import heard_weights
from woodshed.nn import (
    COLOUR_NUMBERS,
    GLIDE_PLACES,
    TOLD_NUMBERS,
    TRAITS,
    Partials,
    Place,
    Shape,
    as_bright,
    at_quantile,
    edges_of,
    no_farther,
    retuned_lines,
    turn_of,
)
from woodshed.roles import Request
from woodshed.sampling import flow_times, request_noise

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

TOLD = 3 + 2 * len(TRAITS) + TOLD_NUMBERS  # changes, traits, and a place
ROAM = "roam"  # a wish that is no trait of a sound, but says where it is looked for
MOST_ROAM = 5.0
_STEADY_ROAM = 1.2  # of what is made from one place alone
_CALM = 0.6  # of the noise, for new sounds of which nothing is asked
_TAKE_STEPS = 2  # that are enough for further takes
_COLOUR_ROOM = 0.2  # of what known colours of a class lack of what is usual; with as much as numbers have, drums change
_RETUNED = (0.25, 1.5)  # semitones by which the lines of a known sound are moved for a new one
_LONGER_THAN_DECAY = 1.5  # a sound lasts this much longer than the decay asked for


@dataclass(frozen=True)
class Drawn:
    """What one row of tokens is conditioned on, and how long and loud its sound will be."""

    seed: int
    class_index: int
    tokens: int
    frames: int
    peak: float
    wishes: Mapping[str, float] = field(default_factory=dict)
    place: Tensor | None = None  # among the sounds heard
    # the numbers that all of its tokens repeat, of known sounds and between them; its place is then told as exact
    whole: Tensor | None = None
    glide: Tensor | None = None  # numbers of the glide of the known sound that it begins as
    lines: Tensor | None = None  # how strong its lines are
    bands: tuple[Tensor, Tensor] | None = None  # how those run of the sound it begins as, and of one as bright
    still: bool = False  # a further take of the sound that lies there, led not quite half way towards another
    name: int = 0  # of that sound
    towards: int = 0  # of the other

    @property
    def steady(self) -> bool:
        """Whether its levels would waver, for it is new altogether, and are to be kept from it."""
        return self.whole is not None and not self.still


def drawn_for(model: BandFlow, request: Request) -> Drawn:
    """What a request asks for, with a length and a level drawn as its class has them.

    Raises
    ------
    KnobOutOfRange
        If the model cannot make a sound of that length.
    UnknownName
        If class or trait do not exist.
    UsageError
        If it asks for a loop.
    """
    row, wishes = model.class_row(request.class_name), _checked_wishes(model, request)
    table_row = row if model.class_counts[row] > 0 else len(model.spec.classes)
    rng = np.random.default_rng(derive_seed(request.seed, "length and level"))
    length_s = math.exp(at_quantile(model.length_table[table_row], rng.uniform()))
    level_db = at_quantile(model.level_table[table_row], rng.uniform())
    if request.duration_s is not None:
        length_s = _checked_length(model, request.duration_s)
    close, turn = _turn_of(model, request)
    place = _place_for(model, request, row, wishes, close=close, turn=turn)
    if place is not None and request.duration_s is None:
        length_s = math.exp(min(place.log_length, math.log(model.max_duration_s)))
    if "decay_ms" in wishes and request.duration_s is None:
        length_s = max(length_s, _LONGER_THAN_DECAY * wishes["decay_ms"] / 1000)
    frames = min(model.most_frames, max(model.splitter.hop_frames, round(length_s * model.spec.sample_rate_hz)))
    return Drawn(
        seed=request.seed,
        class_index=row,
        tokens=model.splitter.tokens_of(frames),
        frames=frames,
        peak=10 ** (min(level_db, -0.3) / 20),
        wishes=wishes,
        place=None if place is None else place.numbers,
        whole=_whole_for(model, place, request, close=close) if place and _asks_nothing(request) else None,
        glide=None if place is None else place.whole[GLIDE_PLACES],
        lines=None if place is None else _lines_for(place, request, close=close),
        bands=None if place is None else (place.bands, place.highs),
        still=place is not None and close,
        name=0 if place is None else place.name,
        towards=0 if place is None else place.towards,
    )


def _lines_for(place: Place, request: Request, *, close: bool) -> Tensor:
    """The lines of a known sound: as they are for a further take of it, else higher or lower, as another cymbal's."""
    if close:
        return place.lines
    rng = np.random.default_rng(derive_seed(request.seed, "lines"))
    semitones = float(rng.choice([-1.0, 1.0]) * rng.uniform(*_RETUNED))
    return retuned_lines(place.lines, semitones=semitones)


def _whole_for(model: BandFlow, place: Place, request: Request, *, close: bool) -> Tensor:
    """What all tokens of a sound repeat: of a further take that of its place, else tuned a little, as another drum."""
    if close:
        return place.whole
    rng = np.random.default_rng(derive_seed(request.seed, "modes"))
    whole = place.whole.clone()
    whole[0] += Partials.tuned_number(float(rng.uniform(-1, 1)) * _RETUNED[1]) / float(model.tone_scales[0])
    return whole


def noise_for(model: BandFlow, drawn: Sequence[Drawn], *, length: int) -> Tensor:
    """What rows of one length are drawn from, ``(rows, length, numbers)``.

    Less than the flow learned from where a whole is given, or levels waver from token to token; none for further takes.
    """
    noise = request_noise([item.seed for item in drawn], shape=(length, model.numbers), name="envelope")
    shares = [0.0 if item.still else _CALM if item.steady else 1.0 for item in drawn]
    return noise * torch.tensor(shares)[:, None, None]


def times_for(model: BandFlow, drawn: Sequence[Drawn], *, steps: int | None) -> list[float]:
    """Times of the flow for rows of one kind, in so many steps; if none are asked for, in as many as they need.

    That is less for what begins from little noise, or from none as further takes do.
    """
    usual = model.config.steps
    if all(item.still for item in drawn):
        usual = min(usual, _TAKE_STEPS)
    elif all(item.steady for item in drawn):
        usual = min(usual, model.config.new_steps)
    return flow_times(steps or usual, bend=1.2)


def shape_drawn(model: BandFlow, row: Tensor, drawn: Drawn) -> Shape:
    """The shape of a sound out of a row of tokens that is longer.

    What is new altogether is steadied where it would waver, has no more side than middle, and its bands run as those of
    known sounds.
    """
    tokens = row[: drawn.tokens]
    if not drawn.steady or drawn.bands is None:
        return model.shape_of(tokens, frames=drawn.frames)
    shape = model.shape_of(steadied(tokens), frames=drawn.frames).no_wider()
    shape = replace(shape, envelope=evened(shape.envelope, every=model.splitter.token_steps))
    main, highs = drawn.bands
    return model.band_courses.brought(shape, main=main, highs=highs)


def steadied(tokens: Tensor) -> Tensor:
    """Tokens ``(tokens, numbers)``, each made one with its neighbours, but for the first two and the last.

    Examples
    --------
    >>> steadied(torch.tensor([[9.0], [1.0], [4.0], [1.0], [4.0]])).flatten().tolist()
    [9.0, 1.0, 2.0, 3.0, 4.0]
    """
    if len(tokens) < 4:
        return tokens
    out = tokens.clone()
    out[2:-1] = (tokens[1:-2] + tokens[2:-1] + tokens[3:]) / 3.0
    return out


def evened(envelope: Tensor, *, every: int) -> Tensor:
    """An envelope ``(steps, bands)`` without what repeats in tokens of so many steps, in full from the third on.

    Up to three tokens nothing is done.
    Tokens that were made one with their neighbours begin alike and end alike, so that highs would pump.

    Examples
    --------
    >>> pumping = torch.arange(80.0)[:, None] % 8
    >>> (evened(pumping, every=8)[16:72].diff(dim=0).abs().max() < 1e-5).item()
    True
    """
    steps, half = len(envelope), every // 2
    if steps <= 3 * every:
        return envelope
    weights = torch.full((every + 1,), 1.0 / every)
    weights[[0, -1]] /= 2
    padded = torch.cat([envelope[:1].expand(half, -1), envelope, envelope[-1:].expand(every - half, -1)])
    even = torch.nn.functional.conv1d(padded.T[:, None], weights[None, None])[:, 0].T
    begun = ((torch.arange(steps) - 1.5 * every) / half).clamp(0, 1)
    return torch.lerp(envelope, even, begun[:, None])


def together(model: BandFlow, drawn: Sequence[Drawn], *, most: int) -> Iterator[tuple[int, list[int]]]:
    """Rows that are solved at once: to what length they are padded, and which they are.

    Guidance solves rows with a class, rows without, and further takes each in another way; and what is new altogether
    needs fewer steps than what is asked for.
    """
    anything = len(model.spec.classes)
    kinds = [(model.padded(item.tokens), item.class_index == anything, item.still, item.steady) for item in drawn]
    for kind in sorted(set(kinds)):
        mine = [number for number, other in enumerate(kinds) if other == kind]
        for first in range(0, len(mine), most):
            yield kind[0], mine[first : first + most]


def _turn_of(model: BandFlow, request: Request) -> tuple[bool, int]:
    """Whether a request gets a further take of a sound that was heard, as a share of those that ask for nothing do,
    and its turn among these or among the others."""
    return turn_of(request.seed, share=model.config.close if _asks_nothing(request) else 0.0)


def with_wholes(clean: Tensor, drawn: Sequence[Drawn], *, repeated: Sequence[int]) -> Tensor:
    """Guesses of clean tokens, ``(rows, tokens, numbers)``, with the numbers put in that are given of the whole."""
    out = clean.clone()
    for number, item in enumerate(drawn):  # rows that fill up come last
        if item.whole is not None:
            out[number, :, repeated] = item.whole
        elif item.glide is not None:
            out[number, :, repeated[GLIDE_PLACES]] = item.glide
    return out


def _asks_nothing(request: Request) -> bool:
    return not request.wishes and request.duration_s is None


def told_for(model: BandFlow, drawn: Drawn) -> Tensor:
    """What the network is told beside the class: no change, what is wished for, and a place, ``(TOLD,)``."""
    place = torch.zeros(TOLD_NUMBERS)
    if drawn.place is not None:
        place = torch.cat([drawn.place, torch.tensor([1.0, float(drawn.whole is not None)])])
    return torch.cat([torch.zeros(3), model.traits.to_numbers(drawn.wishes), place])


def steady_roam(model: BandFlow) -> float:
    """How far variations go, and sounds that guides pull at: no farther than new sounds."""
    return min(_STEADY_ROAM, model.config.roam)


def with_roam(model: BandFlow, requests: Sequence[Request]) -> list[Request]:
    """Requests that say how far they roam, so that it stays as it is whatever else is asked of them later."""
    return [replace(one, wishes={**one.wishes, ROAM: _roam_of(one, usual=steady_roam(model))}) for one in requests]


def _roam_of(request: Request, *, usual: float) -> float:
    """As asked; else not at all where a length or a trait is asked for, which a place far away need not allow."""
    asked = any(name != ROAM for name in request.wishes) or request.duration_s is not None
    return request.wishes.get(ROAM, 0.0 if asked else usual)


def _place_for(
    model: BandFlow, request: Request, row: int, wishes: Mapping[str, float], *, close: bool, turn: int
) -> Place | None:
    """Somewhere among the sounds of the class and beyond; among those that are like what is asked for, if anything."""
    return model.neighbourhood.draw(
        model.class_or_any(row),
        seed=request.seed,
        turn=turn,
        roam=_roam_of(request, usual=model.config.roam),
        still=close,
        apart=model.config.apart if _asks_nothing(request) else 0.0,
        log_length=None if request.duration_s is None else math.log(request.duration_s),
        traits=model.traits.to_numbers(wishes) if wishes else None,
        held=partial(_held_to_known, model),
        weights=model.neighbourhood.remembered.of("weights", [model.tone_scales], lambda: heard_weights(model)),
    )


def _held_to_known(model: BandFlow, wholes: Tensor, known: Tensor, edges: Tensor, like: Tensor) -> Tensor:
    """What new sounds are on the whole, with no number beyond its edges, and coloured as known ones are.

    Their highs are as loud as those of the one they are like.
    """
    for _ in range(2):
        wholes = coloured_as_known(model, no_farther(wholes, edges), known, like)
    return wholes


def coloured_as_known(model: BandFlow, wholes: Tensor, known: Tensor, like: Tensor) -> Tensor:
    """The same, ``(sounds, numbers)``, with colours that are nowhere much louder or softer than all known ones.

    Numbers that are usual each by itself may yet add up to a kick as bright as a snare. As nearly as its numbers tell.
    Where known colours of the class differ less than is usual, there is a little room.
    """
    scales, places = model.tone_scales[-COLOUR_NUMBERS:], model.neighbourhood

    def points_of(rows: Tensor) -> Tensor:
        return model.colours.unsqueeze(rows[:, -COLOUR_NUMBERS:] * scales)

    usual = places.remembered.of(
        "colours",
        [places.classes, places.wholes, model.tone_scales, *model.colours.buffers()],
        lambda: places.usual_spread(points_of(places.wholes)),
    )
    within = no_farther(points_of(wholes), edges_of(points_of(known), usual=usual, room=_COLOUR_ROOM))
    colours = model.colours.squeeze(as_bright(within, points_of(like[None])[0], basis=model.colours)) / scales
    return torch.cat([wholes[:, :-COLOUR_NUMBERS], colours], dim=-1)


def _checked_wishes(model: BandFlow, request: Request) -> Mapping[str, float]:
    for name in request.wishes:
        if name not in (*TRAITS, ROAM):
            raise UnknownName("descriptor to ask for", name, known=(*TRAITS, ROAM))
        value = request.wishes[name]
        if name == ROAM and not 0.0 <= value <= MOST_ROAM:
            raise KnobOutOfRange(
                f"roam of {value} cannot be asked for",
                cause=f"it goes from 0, close to the sounds it learned from, to {MOST_ROAM:g}",
                way_out="ask for 1 to 4, or leave it out",
            )
        if name != ROAM and (not math.isfinite(value) or value < 0 or (value == 0 and name != "width")):
            raise KnobOutOfRange(
                f"{name} of {value} cannot be asked for",
                cause="it is not a number above 0",
                way_out="ask for a value above 0 (for width 0 means mono)",
            )
    if request.bpm is not None or request.bars is not None:
        raise UsageError(
            f"A {model.family} model makes single sounds, not loops of so many bars",
            cause="it was trained on one-shots",
            way_out="train a loop model: woodshed train NAME --from kind:loop --family loop-flow",
        )
    return {name: value for name, value in request.wishes.items() if name != ROAM}


def _checked_length(model: BandFlow, duration_s: float) -> float:
    if not 0.0 < duration_s <= model.max_duration_s:
        raise KnobOutOfRange(
            f"A sound of {duration_s} s cannot be made",
            cause=f"this model makes sounds up to {model.max_duration_s} s",
            way_out=f"ask for at most {model.max_duration_s:g} s",
        )
    return duration_s
