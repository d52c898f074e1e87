"""From a recipe to guides that work: target sounds read under their consent, listeners loaded, own losses allowed."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from woodshed.artifacts.delivery import input_sound
from woodshed.artifacts.guide_recipe import (
    BrightnessFacts,
    DecayFacts,
    FunctionFacts,
    GrooveFacts,
    GuideFacts,
    GuideRecipe,
    HeardAsFacts,
    LoudnessFacts,
    OnsetsFacts,
    SpectrumFacts,
    UnlikeFacts,
)
from woodshed.artifacts.receipt import InputSound
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError, UnknownName, UsageError, WoodshedError
from woodshed.roles import Guide, Hears, Listener, Schedule
from woodshed.roles.guide_targets import groove_of, loudness_of, picture_of, spectrum_of
from woodshed.roles.guides import Brightness, Decay, Function, HeardAs, Loudness, Rises, Spectrum, Unlike
from woodshed.sound import Sound, read_sound

ENTRY_POINTS = "woodshed.guides"


@dataclass(frozen=True)
class BuiltGuides:
    """Guides ready to pull, the sounds they were made from, and the listeners they ask, as name and digest."""

    guides: tuple[Guide, ...]
    inputs: tuple[InputSound, ...] = ()
    listeners: tuple[str, ...] = ()


@dataclass
class GuideBuilder:
    """Makes guides of recipes.

    Parameters
    ----------
    bench
        Library (whose consent counts) and shelf (where listeners stand).
    folder
        Where file names of the recipe begin.
    allowed_code
        Losses of the user's own that may be loaded, word for word as the recipe names them; no other code ever runs.
    """

    bench: Workbench
    folder: Path
    allowed_code: frozenset[str] = frozenset()
    _inputs: dict[str, InputSound] = field(default_factory=dict)
    _listeners: dict[str, str] = field(default_factory=dict)

    def build(self, recipe: GuideRecipe) -> BuiltGuides:
        """All guides of a recipe, in its order.

        Raises
        ------
        ConsentRefused
            If a target sound, or a sound that taught a listener, may not be used.
        HandshakeError
            If a listener is none, or its hearing has no gradient.
        UsageError
            If the recipe names code that was not allowed, or that cannot be loaded.
        UnknownName
            If a sound, a listener or a class is not there.
        """
        for name in recipe.functions:
            _require_allowed(name, self.allowed_code)  # before anything else happens
        guides = tuple(self._built(part) for part in recipe.guides)
        listeners = tuple(f"{name} {digest}" for name, digest in self._listeners.items())
        return BuiltGuides(guides, tuple(self._inputs.values()), listeners)

    def _built(self, part: GuideFacts) -> Guide:
        return self._makers[type(part)](part, _Pull(part.weight, Schedule(**part.schedule.model_dump())))

    @cached_property
    def _makers(self) -> dict[type, Callable[[Any, _Pull], Guide]]:
        return {
            HeardAsFacts: self._heard_as,
            SpectrumFacts: self._spectrum,
            LoudnessFacts: self._loudness,
            GrooveFacts: self._groove,
            OnsetsFacts: lambda part, pull: Rises(
                **vars(pull), points=(at := Rises.at(part.times)).points, name=at.name, tail_s=at.tail_s
            ),
            UnlikeFacts: self._unlike,
            BrightnessFacts: lambda part, pull: Brightness(**vars(pull), hz=part.hz),
            DecayFacts: lambda part, pull: Decay(**vars(pull), ms=part.ms),
            FunctionFacts: lambda part, pull: Function(
                **vars(pull), function=load_loss(part.function, folder=self.folder), name=part.function
            ),
        }

    def _heard_as(self, part: HeardAsFacts, pull: _Pull) -> Guide:
        loaded = self.bench.shelf.load(part.listener)
        require_standing(loaded.card, self.bench.library)
        if not isinstance(loaded.model, Listener) or not isinstance(loaded.model, Hears):
            raise HandshakeError(
                f"{loaded.card.name} cannot say with a gradient what it hears",
                cause=f"the family {loaded.card.family} ({loaded.card.role}) was not made for it",
                way_out="train a listener: woodshed train ears --family mel-listener",
            )
        self._listeners[loaded.card.name] = loaded.digest
        return HeardAs(**vars(pull), listener=loaded.model, class_name=part.class_name, name=loaded.card.name)

    def _spectrum(self, part: SpectrumFacts, pull: _Pull) -> Guide:
        if part.points is not None:
            return Spectrum(**vars(pull), curve=part.points)
        sound, name = self._sound(part.like or "")
        return Spectrum(**vars(pull), curve=spectrum_of(sound), name=name)

    def _loudness(self, part: LoudnessFacts, pull: _Pull) -> Guide:
        if part.points is not None:
            return Loudness(**vars(pull), points=part.points)
        sound, name = self._sound(part.like or "")
        return Loudness(**vars(pull), points=loudness_of(sound), name=name)

    def _groove(self, part: GrooveFacts, pull: _Pull) -> Guide:
        if part.points is not None:
            return Rises(**vars(pull), points=part.points, name="groove of a curve")
        sound, name = self._sound(part.like or "")
        return Rises(**vars(pull), points=groove_of(sound), name=f"groove of {name}")

    def _unlike(self, part: UnlikeFacts, pull: _Pull) -> Guide:
        sound, name = self._sound(part.like)
        return Unlike(**vars(pull), picture=picture_of(sound), name=name, distance_db=part.distance_db)

    def _sound(self, name: str) -> tuple[Sound, str]:
        """A target by file or by its name in the library, if the ledger does not refuse it, and what to call it."""
        path = self.folder / name
        if path.is_file():
            sound, shown = read_sound(path), path.name
        else:
            try:
                item = self.bench.library.item(name)
            except WoodshedError as error:
                raise UnknownName(
                    "sound file or library sound",
                    name,
                    known=[],
                    cause="a typing slip, or it was moved",
                    if_none="check the path; woodshed library ls shows the sounds that the library knows",
                ) from error
            sound, shown = self.bench.library.sound(item), Path(item.path).name
        sound.checked(name=shown)
        self._inputs.setdefault(sound.content_id, input_sound(sound, shown, self.bench))
        return sound, shown


@dataclass(frozen=True)
class _Pull:
    weight: float
    schedule: Schedule


def load_loss(name: str, *, folder: Path) -> Callable[[Tensor, int], Tensor]:
    """The function behind ``module:function``, ``file.py:function`` or an entry point; **this runs its module**.

    Raises
    ------
    UsageError
        If there is no such function.
    """
    home, _, attribute = name.rpartition(":")
    try:
        if not home:
            found = importlib.metadata.entry_points(group=ENTRY_POINTS)[name].load()
        elif home.endswith(".py"):
            found = getattr(_module_of(folder / home), attribute)
        else:
            found = getattr(importlib.import_module(home), attribute)
    except (ImportError, AttributeError, KeyError, OSError, SyntaxError) as error:
        raise UsageError(
            f"The loss {name!r} cannot be loaded ({error})",
            cause="its module is not installed here, or the function has another name",
            way_out="name it as module:function, as path/to/file.py:function, or as an entry point of woodshed.guides",
        ) from error
    if callable(found):
        return cast(Callable[[Tensor, int], Tensor], found)
    raise UsageError(
        f"The loss {name!r} is no function",
        cause="it names a value",
        way_out="name a function of audio (batch, channels, frames) and rate that gives one number per sound",
    )


def _module_of(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"_woodshed_guide_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no Python file at {path.name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _require_allowed(name: str, allowed: frozenset[str]) -> None:
    if name not in allowed:
        raise UsageError(
            f"The recipe wants to run code: {name!r}",
            cause="it names a loss of somebody's own, and a recipe never runs code by itself",
            way_out="read that code; if you trust it, say --allow-code",
        )
