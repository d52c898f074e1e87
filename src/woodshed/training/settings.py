"""Settings of a run, and layers of settings of which a later one wins; where each came from is kept."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from woodshed.base.errors import KnobOutOfRange, UnknownName, UsageError
from woodshed.base.files import printable
from woodshed.roles import FEW_SOUNDS

Settings = TypeVar("Settings", bound=BaseModel)


class RunSettings(BaseModel):
    """How any family is trained; what a family sets for itself lies in its own ``Config``.

    Attributes
    ----------
    accumulate
        Batches whose gradients are added up before each step: memory of one, effect of all.
    precision
        ``bf16`` computes in bfloat16 where that is safe (GPUs, newest processors); weights stay in full precision.
    optimiser
        ``adamw`` for everything, or ``muon`` for the matrices of a network's repeated blocks and AdamW for the rest.
    learning_rate_factor
        What the family's learning rates are multiplied with.
    most_gradient
        Norm to which gradients are cut.
    judgings
        How often the held-out loss is taken on the way.
    patience
        Judgings without gain after which training ends; 0 never ends early.
    adapt
        From a base: ``full`` moves all weights, ``low-rank`` only a product of two thin matrices per layer.
    rank
        Width of those.
    pull
        How strongly weights are pulled towards the base's, in units of the learning rate.
    rehearsal
        From a base: share of each batch that are sounds the base made itself, so that it forgets less.
    most_steps
        Steps at most, whatever the budget would buy; 0 for no limit.
    log_to
        Where metrics go besides the run's folder: wandb, trackio, tensorboard, several with commas.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accumulate: int = Field(default=1, ge=1, le=4096)
    precision: Literal["full", "bf16"] = "full"
    optimiser: Literal["adamw", "muon"] = "muon"
    learning_rate_factor: float = Field(default=1.0, gt=0, le=1000)
    most_gradient: float = Field(default=1.0, gt=0)
    judgings: int = Field(default=8, ge=1, le=1000)
    patience: int = Field(default=0, ge=0)
    adapt: Literal["full", "low-rank"] = "full"
    rank: int = Field(default=8, ge=1, le=1024)
    pull: float = Field(default=0.0, ge=0, le=1000)
    rehearsal: float = Field(default=0.0, ge=0, lt=1)
    most_steps: int = Field(default=0, ge=0)
    log_to: str = ""


def settings_from_base(sounds: int, *, rehearses: bool) -> dict[str, object]:
    """What suits fine-tuning on so many sounds (docs/starters.md has the figures).

    Few are all learned from, by a family that can rehearse: none is left to say when to stop. Half of each batch are
    then sounds of the base's own making, so that what it knows of others is not lost while it comes near to these.
    Otherwise some are held out, and training ends when these gain nothing more.

    Examples
    --------
    >>> few, many = (settings_from_base(sounds, rehearses=True) for sounds in (50, 400))
    >>> few["pull"], many["pull"], few["most_steps"], many["most_steps"]
    (0.99, 1.0, 318, 800)
    """
    root = math.sqrt(max(1, sounds))
    if rehearses and sounds < FEW_SOUNDS:
        return {
            "learning_rate_factor": 0.5,
            "pull": round(7.0 / root, 3),
            "rehearsal": 0.5,
            "most_steps": round(45 * root),
        }
    return {
        "learning_rate_factor": 0.2,
        "pull": round(20.0 / root, 3),
        "patience": 3,
        "judgings": 24,
        "most_steps": round(40 * root),
    }


@dataclass(frozen=True)
class Layer:
    """Some settings and where they came from, in words."""

    origin: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Layered:
    """Settings after all layers, and the layer each came from."""

    values: dict[str, object]
    origins: dict[str, str]


def layered(layers: Sequence[Layer], *, known: Iterable[str]) -> Layered:
    """Lay settings over each other; the last one that names a setting wins.

    Raises
    ------
    UnknownName
        If a layer names something that is no setting; near matches are named.

    Examples
    --------
    >>> found = layered([Layer("preset", {"width": 128}), Layer("flag", {"width": 192})], known=["width"])
    >>> found.values, found.origins
    ({'width': 192}, {'width': 'flag'})
    """
    names = set(known)
    found = Layered({}, {})
    for layer in layers:
        for name, value in layer.values.items():
            if name not in names:
                raise UnknownName("setting", name, known=names)
            found.values[name] = value
            found.origins[name] = layer.origin
    return found


def parse_setting(text: str) -> tuple[str, object]:
    """Read ``name=value``; values are numbers, true, false or words.

    Examples
    --------
    >>> parse_setting("learning_rate=1e-3"), parse_setting("precision=bf16")
    (('learning_rate', 0.001), ('precision', 'bf16'))
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise UsageError(
            f"The setting {text!r} cannot be read",
            cause="there is no = between name and value",
            way_out="write it like --set learning_rate=1e-3",
        )
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def read_settings(path: Path) -> dict[str, object]:
    """Settings from a TOML or JSON file: names and values, no tables.

    Raises
    ------
    UsageError
        If it is missing or neither.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{printable(path)} cannot be read as settings",
            cause=str(error),
            way_out="write lines like learning_rate = 1e-3 into a file that ends in .toml",
        ) from error
    if not isinstance(found, dict) or any(isinstance(value, dict) for value in found.values()):
        raise UsageError(
            f"{printable(path)} holds more than names and values",
            cause="there is a [table] in it",
            way_out="write all settings at the top, like learning_rate = 1e-3",
        )
    return found


def checked_model(kind: type[Settings], values: Mapping[str, object], *, start: Settings | None = None) -> Settings:
    """A frozen model of settings with some values changed.

    Raises
    ------
    KnobOutOfRange
        If a value cannot be; the message names the setting.
    """
    try:
        return kind.model_validate({**(start.model_dump() if start else {}), **values})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "a setting"
        raise KnobOutOfRange(
            f"{name} cannot be {first['input']!r}" if first["loc"] else "The settings do not go together",
            cause=first["msg"],
            way_out="choose another value; docs/training.md lists the settings",
        ) from error
