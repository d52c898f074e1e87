"""Two models made one: weights, bases and tables at a place between theirs, with the papers of both."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from woodshed.artifacts.card import Ancestor, ModelCard, SourceSound
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.receipt import now_text
from woodshed.base.errors import HandshakeError, KnobOutOfRange
from woodshed.base.version import __version__
from woodshed.library import merkle_root
from woodshed.roles import DataSpec, Mends, Trainable, family_class

KINDRED = 0.5  # likeness of two models' weights below which a mean of them means little


def blend_models(first: LoadedModel, second: LoadedModel, *, weight: float) -> Trainable:
    """The model at a place from 0 (the first) to 1 (the second); every tensor is interpolated.

    Raises
    ------
    HandshakeError
        If they differ in family, configuration, classes, rate or channels.
    KnobOutOfRange
        If the weight is not between 0 and 1.
    """
    if not 0.0 <= weight <= 1.0:
        raise KnobOutOfRange(
            f"The weight is {weight}", cause="it goes from 0 to 1", way_out="0.5 is half of each, 0.3 more of the first"
        )
    require_like(first, second)
    card = first.card
    kind = family_class(card.family)
    config = kind.Config.model_validate(card.config)
    model = kind(config, DataSpec(card.sample_rate_hz, card.channels, card.classes), seed=card.seed)
    theirs = second.model.state_dict()
    model.load_state_dict({name: _between(own, theirs[name], weight) for name, own in first.model.state_dict().items()})
    if isinstance(model, Mends) and 0.0 < weight < 1.0:
        model.mend(first.model, second.model, weight=weight)
    return model.eval()


def require_like(first: LoadedModel, second: LoadedModel) -> None:
    """Refuse two models that are not made alike.

    Raises
    ------
    HandshakeError
        Naming what differs.
    """
    for what in ("family", "purpose", "config", "classes", "sample_rate_hz", "channels"):
        mine, other = getattr(first.card, what), getattr(second.card, what)
        if mine != other:
            raise HandshakeError(
                f"{first.card.name} and {second.card.name} cannot be blended: they differ in {what.replace('_', ' ')}",
                cause=f"{_shown(mine, other)} against {_shown(other, mine)}",
                way_out="blend models of one family and preset, trained on the same classes, rate and channels",
            )


def likeness(first: Trainable, second: Trainable) -> float:
    """How nearly the weights of two models point the same way: 1 for the same, about 0 for models trained apart."""
    together = own = other = 0.0
    for mine, theirs in zip(first.parameters(), second.parameters(), strict=True):
        a, b = mine.detach().double(), theirs.detach().double()
        together, own, other = together + float((a * b).sum()), own + float((a * a).sum()), other + float((b * b).sum())
    return together / math.sqrt(max(1e-30, own * other))


def blended_card(first: LoadedModel, second: LoadedModel, *, weight: float, name: str, ledger_head: str) -> ModelCard:
    """Papers of a blend: the sounds, credits and papers cited of both; no training of its own, no report yet."""
    cards = (first.card, second.card)
    sources = tuple(_each_once(source for card in cards for source in card.teachers))
    taught = {source.content_id for source in sources}
    held_out = {content_id for card in cards for content_id in card.held_out} - taught
    return first.card.model_copy(
        update={
            "name": name,
            "made_at": now_text(),
            "woodshed_version": __version__,
            "merkle_root": merkle_root(sorted(taught)),
            "ledger_head": ledger_head,
            "sources": sources,
            "held_out": tuple(sorted(held_out)),
            "left_out": (),
            "training": None,
            "report": None,
            "licence": None,
            "memorisation": None,
            "base": None,
            "references": tuple(dict.fromkeys(paper for card in cards for paper in card.references)),
            "ancestors": (
                Ancestor(name=first.card.name, digest=first.digest, weight=1.0 - weight),
                Ancestor(name=second.card.name, digest=second.digest, weight=weight),
            ),
        }
    )


def _between(own: torch.Tensor, other: torch.Tensor, weight: float) -> torch.Tensor:
    if not own.is_floating_point():  # numbers of classes and the like are of one or the other
        return own if weight < 0.5 else other
    return ((1.0 - weight) * own.double() + weight * other.double()).to(own.dtype)


def _each_once(sources: Iterable[SourceSound]) -> Iterable[SourceSound]:
    return {source.content_id: source for source in sources}.values()


def _shown(value: object, other: object) -> object:
    """A configuration is shown by what is different in it."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: value.get(key) for key in sorted({*value, *other}) if value.get(key) != other.get(key)}
    return value
