"""Whether a model and its lenders may be used now: the ledger is asked each time, never remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.base.errors import HandshakeError, ModelFileError
from woodshed.library import Library, Purpose
from woodshed.roles import Generator


def refused_sources(card: ModelCard, library: Library) -> dict[str, str]:
    """Training sounds of a model that the library no longer allows, opt-outs by likeness included, each with the rule.

    A sound its ledger has never heard of is not its to judge: a model from elsewhere carries its own papers.
    """
    return _refused([source.content_id for source in card.teachers], card.purpose, library)


def refusing(cards: Mapping[str, ModelCard | ModelFileError], library: Library) -> frozenset[str]:
    """Names of the models that refuse to work now; the ledger is asked once for each purpose."""
    taught = {
        name: (card.purpose, {source.content_id for source in card.teachers})
        for name, card in cards.items()
        if isinstance(card, ModelCard)
    }
    refused = {
        purpose: _refused(
            set().union(*(ids for one, ids in taught.values() if one == purpose)), purpose, library
        ).keys()
        for purpose in {one for one, _ in taught.values()}
    }
    return frozenset(name for name, (purpose, ids) in taught.items() if ids & refused[purpose])


def _refused(content_ids: Collection[str], purpose: Purpose, library: Library) -> dict[str, str]:
    decisions = library.decisions(content_ids, purpose)
    known = (found for found in decisions.values() if found.events or found.owners)
    return {found.content_id: found.rule for found in known if not found.allowed}


def require_generator(loaded: LoadedModel, library: Library, *, cause: str) -> Generator:
    """The model, if it may be used now and makes sounds; ``cause`` says why only such a model will do.

    Raises
    ------
    ConsentRefused
        If a training grant of the model was withdrawn.
    HandshakeError
        If it is no generator.
    """
    card, model = loaded.card, loaded.model
    require_standing(card, library)
    if not isinstance(model, Generator):
        raise HandshakeError(
            f"{card.name} is a {card.role}, not a generator",
            cause=cause,
            way_out="woodshed models ls shows which models generate",
        )
    return model


def require_standing(card: ModelCard, library: Library) -> None:
    """Refuse a model whose training grant was withdrawn.

    Raises
    ------
    ConsentRefused
        Naming the sounds to leave out.
    """
    query = card.training.query if card.training else "all"
    card.refuse_if(refused_sources(card, library), query=query)
