"""The workspace: a folder with a library, models, runs and a log of outputs, and the verbs that use them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from woodshed.artifacts import (
    Citation,
    LoadedModel,
    ModelCard,
    ModelShelf,
    Receipt,
    cite_receipt,
    read_receipt,
)
from woodshed.artifacts.delivery import Delivered
from woodshed.artifacts.lending import LibraryLenders
from woodshed.artifacts.model_blend import KINDRED, blend_models, blended_card, likeness
from woodshed.artifacts.standing import refused_sources, refusing, require_standing
from woodshed.artifacts.verb import GivenSound, Verb, perform
from woodshed.artifacts.workbench import OutputLog, Workbench
from woodshed.base.errors import ModelFileError, UnknownName, UsageError, WoodshedError
from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.files import printable
from woodshed.base.knobs import KnobValue
from woodshed.library import LIBRARY_FILE, Library, Purpose
from woodshed.library.consent import LedgerEvent
from woodshed.roles import Generator, Guide, LenderPool, NoLenders
from woodshed.sound import Sound, read_sound
from woodshed.tasks.distil import KNOBS as DISTIL_KNOBS
from woodshed.tasks.distil import DistillingOrder, DistillingReport, distil_model
from woodshed.tasks.evaluate import KNOBS as EVALUATE_KNOBS
from woodshed.tasks.evaluate import PAGE_FILE, EvaluationReport, evaluate_model
from woodshed.tasks.memorisation import KNOBS as MEMORISATION_KNOBS
from woodshed.tasks.memorisation import PAGE_FILE as MEMORISATION_PAGE
from woodshed.tasks.memorisation import memorisation_of
from woodshed.tasks.table import verb_named
from woodshed.tasks.train import TrainingOrder, TrainingReport, order_in_layers, settings_entries, train_model
from woodshed.training import MemorisationReport, Runs

if TYPE_CHECKING:
    from woodshed.workspace.showing import Shown


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawn grant touches: the sounds, the models that learned from them, the outputs made with them."""

    content_ids: tuple[str, ...]
    models: tuple[str, ...]
    outputs: tuple[str, ...]
    event: LedgerEvent | None = None


class Workspace:
    """A folder that holds everything.

    Parameters
    ----------
    folder
        Made on first use. None takes the environment variable ``WOODSHED_WORKSPACE``, else the user's data folder.

    Examples
    --------
    >>> import tempfile
    >>> Workspace(tempfile.mkdtemp()).models.names()
    []
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder) if folder else default_folder()

    @cached_property
    def library(self) -> Library:
        """Sounds and their consent."""
        return Library(self.folder)

    @cached_property
    def models(self) -> ModelShelf:
        """Trained models."""
        return ModelShelf(self.folder / "models")

    @cached_property
    def bench(self) -> Workbench:
        """Everything, laid out for the tasks."""
        log = OutputLog(self.folder / "outputs.jsonl")
        return Workbench(self.library, self.models, log, self.folder / "runs", self.folder / "cache")

    @property
    def runs(self) -> Runs:
        """Trainings, past and under way."""
        return Runs(self.folder / "runs")

    def run_settings(self, name: str) -> dict[str, dict[str, object]]:
        """Every setting of a run with its value and where it came from; empty for runs of earlier versions."""
        return settings_entries(self.runs.folder / name)

    # -- verbs

    def order(
        self, name: str, *, flags: Mapping[str, object], settings_file: Path | None = None, like: str = ""
    ) -> TrainingOrder:
        """What to train, from layers of settings: preset, then a file, then a past run or model, then flags."""
        return order_in_layers(self.bench, name, flags=flags, settings_file=settings_file, like=like)

    def train(
        self, order: TrainingOrder, *, resume: bool = False, anew: bool = False, on_event: EventSink = ignore
    ) -> TrainingReport:
        """Train a model on sounds that may be used for it; ``anew`` starts over where a run is not finished."""
        return train_model(self.bench, order, resume=resume, anew=anew, on_event=on_event)

    def distil(
        self,
        model: str,
        *,
        name: str,
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> DistillingReport:
        """Make a faster model out of one, from its own sounds; knobs as in ``woodshed distil --help``."""
        loaded, knobs = self.models.load(model), DISTIL_KNOBS.settings(**settings)
        order = DistillingOrder(name, **knobs)  # type: ignore[arg-type]  # the table checked their kinds
        return distil_model(self.bench, loaded, order, on_event=on_event)

    def make(
        self,
        verb: str,
        model: str | None,
        *sounds: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        template: str = "",
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> list[Delivered]:
        """Do what a verb says with a model and some sounds; knobs as in ``woodshed VERB --help``.

        ``model`` is None for a verb that works without one; sounds of the library are then chosen by its ``query``.

        Raises
        ------
        UnknownName
            If there is no such verb, model, sound or knob.
        """
        return self._perform(
            verb_named(verb), model, *sounds, folder=folder, template=template, on_event=on_event, settings=settings
        )

    def _perform(
        self,
        verb: Verb,
        model: str | None,
        *sounds: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        template: str,
        on_event: EventSink,
        settings: dict[str, KnobValue],
    ) -> list[Delivered]:
        knobs = verb.knobs.settings(**settings)
        loaded = None if model is None else self.models.load(model)
        given = [self.find_sound(sound) for sound in sounds]
        if loaded is None:
            lenders = self.chosen_lenders(knobs.get("query"), like=given[0].sound if given else None)
        else:
            lenders = self.lenders(loaded, borrow=knobs.get("borrow", "none"), on_event=on_event)
        return perform(
            verb,
            self.bench,
            loaded,
            sounds=given,
            lenders=lenders,
            folder=Path(folder),
            settings=knobs,
            template=template,
            on_event=on_event,
        )

    def generate(
        self,
        model: str,
        *,
        folder: str | os.PathLike[str],
        template: str = "",
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> list[Delivered]:
        """Make new sounds."""
        return self.make("generate", model, folder=folder, template=template, on_event=on_event, **settings)

    def vary(
        self,
        model: str,
        sound: str | os.PathLike[str],
        *,
        folder: str | os.PathLike[str],
        template: str = "",
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> list[Delivered]:
        """Make variations of a sound file or a library sound."""
        return self.make("vary", model, sound, folder=folder, template=template, on_event=on_event, **settings)

    def blend(
        self,
        model: str,
        *sounds: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        template: str = "",
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> list[Delivered]:
        """Make the sounds between some."""
        return self.make("blend", model, *sounds, folder=folder, template=template, on_event=on_event, **settings)

    def guide(
        self,
        model: str,
        *,
        folder: str | os.PathLike[str],
        guides: Sequence[Guide] = (),
        template: str = "",
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> list[Delivered]:
        """Make new sounds pulled towards targets: those of the knobs, of a recipe, and guides made in Python."""
        from woodshed.tasks.guide import verb_with  # verbs are loaded when they are asked for

        return self._perform(
            verb_with(guides), model, folder=folder, template=template, on_event=on_event, settings=settings
        )

    def evaluate(
        self,
        model: str,
        *,
        folder: str | os.PathLike[str] | None = None,
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> tuple[EvaluationReport, Path]:
        """Measure a model; the report goes into its card, and with a page into a folder. Returns report and page."""
        loaded, knobs = self.models.load(model), EVALUATE_KNOBS.settings(**settings)
        target = Path(folder) if folder else self.folder / "evaluations" / loaded.path.stem  # the card may say any name
        report = evaluate_model(
            self.bench, loaded, lenders=self.lenders(loaded), folder=target, settings=knobs, on_event=on_event
        )
        self.models.attach_report(loaded, report.model_dump(mode="json"))
        return report, target / PAGE_FILE

    def memorisation(
        self,
        model: str,
        *,
        folder: str | os.PathLike[str] | None = None,
        on_event: EventSink = ignore,
        **settings: KnobValue,
    ) -> tuple[MemorisationReport, Path]:
        """Find out whether a model copies; the report goes into its card, and with a page into a folder."""
        loaded, knobs = self.models.load(model), MEMORISATION_KNOBS.settings(**settings)
        target = Path(folder) if folder else self.folder / "memorisation" / loaded.path.stem
        lenders = self.lenders(loaded, borrow=knobs["borrow"], on_event=on_event)
        report = memorisation_of(self.bench, loaded, lenders=lenders, folder=target, settings=knobs, on_event=on_event)
        self.models.attach_report(loaded, report.model_dump(mode="json"), field="memorisation")
        return report, target / MEMORISATION_PAGE

    def blend_models(
        self, first: str, second: str, *, name: str, weight: float = 0.5, on_event: EventSink = ignore
    ) -> ModelCard:
        """Put a model between two on the shelf, with the papers of both; both must still be allowed to work.

        Raises
        ------
        ConsentRefused
            If a training grant of either was withdrawn.
        HandshakeError
            If they are not made alike.
        UsageError
            If another model has that name.
        """
        pair = self.models.load(first), self.models.load(second)
        for one in pair:
            require_standing(one.card, self.library)
        if self.models.place(name).exists():
            raise UsageError(
                f"There is a model {name!r} already", cause="it would be replaced", way_out="choose another --name"
            )
        model = blend_models(*pair, weight=weight)
        if likeness(pair[0].model, pair[1].model) < KINDRED:
            text = f"{first} and {second} were trained apart: a blend of them may sound like neither"
            on_event(Note(level="warning", text=text))
        card = blended_card(*pair, weight=weight, name=name, ledger_head=self.library.ledger.head())
        self.models.put(name, model, card, on_event=on_event)
        return card

    # -- papers

    def show(self, path: str | os.PathLike[str], *, picture: Path | None = None) -> Shown:
        """Facts, descriptors and receipt of a sound file; draws it if asked."""
        from woodshed.workspace.showing import show_file  # descriptors and pictures take a second to load

        return show_file(Path(path), picture=picture)

    def receipt(self, path: str | os.PathLike[str]) -> Receipt:
        """The receipt an output carries."""
        return read_receipt(Path(path))

    def cite(self, path: str | os.PathLike[str]) -> Citation:
        """Papers and source sounds behind an output."""
        receipt = read_receipt(Path(path))
        return cite_receipt(receipt, self._card_of(receipt))

    def withdraw(
        self, query: str, *, party: str, reason: str = "", purposes: Sequence[Purpose | str] | None = None
    ) -> Withdrawal:
        """Revoke a party's grants over chosen sounds and name the models and outputs this touches."""
        ids = self.chosen(query)
        event = self.library.ledger.revoke(party=party, content_ids=ids, purposes=purposes, reason=reason)
        return self.touched(ids, event=event)

    def chosen(self, query: str) -> list[str]:
        """Content ids that a query, a file name or the start of an id chooses; the ledger also knows removed sounds.

        Raises
        ------
        UsageError
            If the query is empty: nobody speaks about everything by accident.
        UnknownName
            If nothing is meant by it.
        """
        if not query.strip():
            raise UsageError("No sounds were chosen", cause="the query is empty", way_out="give a query, or all")
        if items := self.library.items(query):
            return [item.content_id for item in items]
        try:
            return [self.library.item(query).content_id]
        except UnknownName:
            if removed := self.library.ledger.find_sounds(query.removeprefix("id:")):
                return list(removed)
            _refuse_output(query)
            raise

    def touched(self, content_ids: Sequence[str], *, event: LedgerEvent | None = None) -> Withdrawal:
        """Models that learned from any of these sounds and outputs that were made with them or by such models."""
        wanted = set(content_ids)
        models = {
            name: card.name
            for name, card in self.models.cards()
            if isinstance(card, ModelCard) and wanted & {source.content_id for source in card.teachers}
        }
        called = set(models.values())  # outputs know a model by its card, whatever its file is called now
        outputs = [
            _straight(entry.path) for entry in self.bench.log if entry.model in called or entry.content_ids & wanted
        ]
        return Withdrawal(tuple(sorted(wanted)), tuple(models), tuple(dict.fromkeys(outputs)), event)

    def standing(self, model: str) -> dict[str, str]:
        """Training sounds of a model that may no longer be used, each with the rule; empty when all is well."""
        return refused_sources(self.models.card(model), self.library)

    def described_models(self) -> list[dict[str, object]]:
        """One row a model, own ones first; asking for it leaves no library where there is none."""
        cards, known = self.models.cards(), (self.folder / LIBRARY_FILE).is_file()
        refused = refusing(dict(cards), self.library) if known else ()
        ships = self.models.ships
        return [_described(name, card, ships=ships(name), refused=name in refused) for name, card in cards]

    # -- finding

    def find_sound(self, sound: str | os.PathLike[str]) -> GivenSound:
        """A sound by path, or by name or content id in the library, with the name to show."""
        path = Path(sound)
        if path.is_file():
            return GivenSound(read_sound(path), path.name)
        try:
            item = self.library.item(os.fspath(sound))
        except WoodshedError as error:
            raise UnknownName(
                "sound file or library sound",
                os.fspath(sound),
                known=[],
                cause="a folder was given where one sound is wanted"
                if path.is_dir()
                else "a typing slip, or it was moved",
                if_none="check the path; woodshed library ls shows the sounds that the library knows",
            ) from error
        return GivenSound(self.library.sound(item), Path(item.path).name, item.content_id)

    def lenders(self, loaded: LoadedModel, *, borrow: KnobValue = "none", on_event: EventSink = ignore) -> LenderPool:
        """Who may lend fine structure now: nobody, the model's training sounds, any sound of its kind in a library.

        Where lenders are asked for and nobody lends, a warning says so.
        """
        if borrow == "none":
            return NoLenders()
        card = loaded.card
        kind = loaded.model.lender_query if isinstance(loaded.model, Generator) else Generator.lender_query
        if not kind:
            on_event(Note(level="warning", text=f"--borrow {borrow} does nothing: {card.family} models never borrow"))
            return NoLenders()
        ids = [source.content_id for source in card.sources]
        if borrow == "any":
            ids = [item.content_id for item in self.library.items(kind)]
        pool = LibraryLenders.over(self.library, ids, sample_rate_hz=card.sample_rate_hz, channels=card.channels)
        if not pool.content_ids():
            whose = f"sound that taught {card.name}" if borrow == "own" else f"sound of {kind}"
            text = f"--borrow {borrow}: no {whose} is in this library and may lend, so nothing is borrowed"
            on_event(Note(level="warning", text=text))
        return pool

    def chosen_lenders(self, query: KnobValue, *, like: Sound | None = None) -> LenderPool:
        """The sounds a query chooses that may be made into others now, at the rate of one they are to go with."""
        if query is None:
            return NoLenders()
        rate_hz = like.sample_rate_hz if like else None
        chosen = self.library.training_set(str(query), purpose=Purpose.RESYNTHESISE, sample_rate_hz=rate_hz)
        return LibraryLenders(chosen)

    def _card_of(self, receipt: Receipt) -> ModelCard | None:
        """The card of the model that made it; None if the shelf has none, or another training under that name."""
        if not receipt.has_model:
            return None
        return self.models.card_of(receipt.model, merkle_root=receipt.merkle_root)


def _described(name: str, card: ModelCard | ModelFileError, *, ships: bool, refused: bool) -> dict[str, object]:
    """One row of the list of models; a damaged file is listed with what is wrong with it, one that ships as such."""
    if isinstance(card, ModelFileError):
        unknown = {"family": None, "sounds": None, "classes": None, "rate_hz": None, "channels": None, "made_at": None}
        return {"name": name, "state": card.problem, **unknown}
    trained = "stopped early" if card.training and card.training.stopped_early else "ready"
    return {
        "name": name,
        "family": card.family,
        "sounds": len(card.sources),
        "classes": ", ".join(card.classes),
        "rate_hz": card.sample_rate_hz,
        "channels": card.channels,
        "made_at": card.made_at,
        "state": "refused: consent" if refused else "shipped" if ships else trained,
    }


def _straight(path: str) -> str:
    """The same path without steps back."""
    return os.path.realpath(path) if ".." in Path(path).parts else path


def _refuse_output(path: str) -> None:
    """Say so where a path that was taken for a sound of the library is something a task made."""
    try:
        task = read_receipt(Path(path)).task
    except (WoodshedError, OSError, ValueError):
        return
    raise UsageError(
        f"{printable(path)} is an output of {task}, not a sound of the library",
        cause="nobody spoke about it here: what it is made of has owners of its own",
        way_out=f"woodshed cite {printable(path)} names them",
    )


def default_folder() -> Path:
    """Where the workspace lies when nobody says: the environment variable, else the user's data folder."""
    given = os.environ.get("WOODSHED_WORKSPACE")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_data_dir("woodshed", appauthor=False))
