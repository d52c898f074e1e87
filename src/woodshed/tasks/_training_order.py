"""What to train: the order, and how it is put together from layers of settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError, KnobOutOfRange, UnknownName, UsageError, WoodshedError
from woodshed.base.files import printable, write_text_atomically
from woodshed.roles import FamilyConfig, Rehearses, Trainable, family_class
from woodshed.training import RunSettings, parse_budget
from woodshed.training.settings import Layer, checked_model, layered, read_settings, settings_from_base

HELD_OUT = 0.15
MOST_HELD_OUT = 0.5
LEAST_HZ, MOST_HZ = 8000, 192000
SETTINGS_FILE = "settings.json"


_SOUNDS = " sounds"  # the end of what is named as origin, where a setting follows from how many there are
_ON_A_BASE = " sounds on a base"
_FLAG = "flag"  # the origin of what was asked for just now
_OF_BASES = ("adapt", "rank", "pull", "rehearsal")  # settings that only say how to learn on a base


@dataclass(frozen=True)
class TrainingOrder:
    """What to train. A resumed run takes all of it from its own folder.

    Attributes
    ----------
    copy_report
        Whether copies are looked for at the end, which also picks the weights.
    base
        Name or path of a model to begin from; empty to begin from nothing.
    settings
        Settings of the family's ``Config`` and of `RunSettings` that are not at their default.
    origins
        Where each part of the order came from, in words.
    """

    name: str
    query: str = "all"
    family: str = "band-flow"
    preset: str = "laptop"
    budget: str = "3m"
    rate_hz: int | None = None
    seed: int = 0
    held_out: float = HELD_OUT
    augment: bool = True
    copy_report: bool = True
    base: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks_to_hold_out(self) -> bool:
        """Whether the share of held-out sounds was asked for."""
        return "held_out" in self.origins or self.held_out != HELD_OUT


ORDER_SETTINGS = tuple(one.name for one in fields(TrainingOrder) if one.name not in ("name", "settings", "origins"))


def order_in_layers(
    bench: Workbench,
    name: str,
    *,
    flags: Mapping[str, object],
    settings_file: Path | None = None,
    like: str = "",
) -> TrainingOrder:
    """An order from layers: defaults and preset, then a file, then a past run or model, then flags.

    Parameters
    ----------
    flags
        Settings someone gave just now; None values do not count.
    settings_file
        TOML or JSON.
    like
        A run of this workspace, or a model, whose settings are taken where they were not at their default.

    Raises
    ------
    UnknownName
        If a setting does not exist; near matches are named.
    UsageError
        If a part of the order cannot be so, for example a rate; settings of family and run are checked by `resolved`.
    """
    layers = [Layer(f"file {settings_file.name}", read_settings(settings_file))] if settings_file else []
    if like:
        layers.append(Layer(f"as {like}", settings_of(bench, like)))
    layers.append(Layer(_FLAG, {key: value for key, value in flags.items() if value is not None}))
    chosen: dict[str, object] = {}
    for layer in layers:
        chosen |= {key: value for key, value in layer.values.items() if key in ("family", "base")}
    family = str(chosen.get("family", TrainingOrder.family))
    if base := str(chosen.get("base", "")):
        found_family = bench.shelf.card(base).family
        if "family" in chosen:
            require_family(family, base=base, base_family=found_family)
        family = found_family
    kind = family_class(family)
    known = (*ORDER_SETTINGS, *RunSettings.model_fields, *kind.Config.model_fields)
    found = layered(layers, known=known)
    order = {key: value for key, value in found.values.items() if key in ORDER_SETTINGS}
    settings = {key: value for key, value in found.values.items() if key not in ORDER_SETTINGS}
    made = _checked(TrainingOrder(name, **{**order, "family": family}), found.origins)  # type: ignore[arg-type]
    return replace(made, settings=settings, origins=found.origins)


def _checked(order: TrainingOrder, origins: Mapping[str, str]) -> TrainingOrder:
    """The same order with numbers as numbers, none of them beyond its stops, and what is true or false as just that."""
    for name in ("augment", "copy_report"):
        if not isinstance(value := getattr(order, name), bool):
            raise KnobOutOfRange(
                f"{name} cannot be {value!r}",
                cause=f"it is either true or false, and this came from {origins.get(name)}",
                way_out=f"write true or false: --set {name}=false",
            )
    try:
        rate = None if order.rate_hz is None else int(order.rate_hz)
        made = replace(order, rate_hz=rate, seed=int(order.seed), held_out=float(order.held_out))
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(
            "rate_hz, seed or held_out is no number",
            cause=f"it came from {', '.join(sorted(set(origins.values())))}",
            way_out="write numbers without units",
        ) from error
    if made.rate_hz is not None and not LEAST_HZ <= made.rate_hz <= MOST_HZ:
        raise _beyond("rate_hz", f"{made.rate_hz} Hz", origins, span=f"{LEAST_HZ} to {MOST_HZ} Hz")
    if not 0 <= made.held_out <= MOST_HELD_OUT:
        raise _beyond("held_out", f"{made.held_out:g}", origins, span=f"0 to {MOST_HELD_OUT:g}")
    if made.seed < 0:
        raise _beyond("seed", f"{made.seed}", origins, span="0 or more")
    return made


def _beyond(name: str, value: str, origins: Mapping[str, str], *, span: str) -> KnobOutOfRange:
    return KnobOutOfRange(
        f"{name} cannot be {value}",
        cause=f"it came from {origins.get(name)}",
        way_out=f"choose a value of {span}",
    )


def settings_entries(folder: Path) -> dict[str, dict[str, object]]:
    """The settings a run's folder holds, each with ``value`` and ``from``; empty where there are none."""
    file = folder / SETTINGS_FILE
    return json.loads(file.read_bytes()) if file.is_file() else {}


def settings_of(bench: Workbench, like: str) -> dict[str, object]:
    """Settings of a past run, or of a model's training, that were not at their default; never its sounds or base.

    Raises
    ------
    UnknownName
        If there is neither run nor model of this name.
    """
    if entries := settings_entries(bench.runs / like):
        values, origins = ({key: entry[part] for key, entry in entries.items()} for part in ("value", "from"))
    else:
        try:
            training = bench.shelf.card(like).training
        except WoodshedError as error:
            raise UnknownName("run or model", like, known=bench.shelf.names()) from error
        values = dict(training.settings) if training else {}
        origins = dict(training.settings_from) if training else {}
    left_out = ("query", "base", "name")
    usual = ("preset", _SOUNDS, _ON_A_BASE)  # what followed from the preset or from how many sounds there were
    return {
        key: value
        for key, value in values.items()
        if not str(origins.get(key, "preset")).endswith(usual) and key not in left_out
    }


@dataclass(frozen=True)
class Resolved:
    """An order made concrete: the family, its configuration, the settings of the run, and where each came from."""

    kind: type[Trainable]
    config: FamilyConfig
    run: RunSettings
    values: dict[str, object]
    origins: dict[str, str]

    def write(self, folder: Path) -> None:
        """Leave every setting and its origin in a run's folder."""
        entries = {key: {"value": value, "from": self.origins[key]} for key, value in self.values.items()}
        write_text_atomically(folder / SETTINGS_FILE, json.dumps(entries, indent=1, default=str))


def resolved(order: TrainingOrder, *, base_config: FamilyConfig | None = None, sounds: int = 0) -> Resolved:
    """Every setting of an order, checked.

    Parameters
    ----------
    base_config
        The configuration of the base, which takes the preset's place.
    sounds
        How many there are to learn from; what suits few follows from it, and from a base the milder settings. 0 if
        not known yet.

    Raises
    ------
    KnobOutOfRange
        If a setting cannot be so.
    UnknownName
        If family, preset or setting do not exist.
    """
    kind = family_class(order.family)
    if order.preset not in kind.PRESETS:
        raise UnknownName(f"preset of {order.family}", order.preset, known=kind.PRESETS)
    parse_budget(order.budget)
    layers = [Layer("preset", RunSettings().model_dump())]
    layers.append(Layer("preset", (base_config or kind.PRESETS[order.preset]).model_dump(mode="json")))
    if sounds:
        layers.append(Layer(f"{sounds}{_SOUNDS}", kind.settings_for(sounds, base=base_config)))
    if base_config:
        layers.append(Layer(f"{sounds}{_ON_A_BASE}", settings_from_base(sounds, rehearses=issubclass(kind, Rehearses))))
    layers.append(Layer("", order.settings))
    found = layered(layers, known=[*RunSettings.model_fields, *kind.Config.model_fields])
    family = {key: value for key, value in found.values.items() if key in kind.Config.model_fields}
    run = {key: value for key, value in found.values.items() if key not in kind.Config.model_fields}
    config, settings = checked_model(kind.Config, family), checked_model(RunSettings, run)
    if settings.rehearsal and not issubclass(kind, Rehearses):
        raise UsageError(
            f"A {order.family} model cannot rehearse",
            cause="its family has no way to learn from what the base makes",
            way_out="leave out rehearsal",
        )
    values = {name: getattr(order, name) for name in ORDER_SETTINGS}
    values |= settings.model_dump() | config.model_dump(mode="json")
    origins = dict.fromkeys(values, "preset") | {key: value for key, value in found.origins.items() if value}
    origins |= {key: order.origins.get(key, _FLAG) for key in order.settings}
    origins |= {key: value for key, value in order.origins.items() if key in values}
    return Resolved(kind, config, settings, values, origins)


def require_family(wanted: str, *, base: str, base_family: str) -> None:
    """Refuse a base of another family than the one that was asked for.

    Raises
    ------
    HandshakeError
        Naming both.
    """
    if wanted != base_family:
        raise HandshakeError(
            f"The base is of the family {base_family}, and {wanted} was asked for",
            cause="a model can only begin from one of its own family",
            way_out=f"leave out --family, or choose another --base than {printable(base)}",
        )


def require_effect(order: TrainingOrder) -> None:
    """Refuse what was asked for just now and would do nothing: a preset on a base, ways to learn on a base without one.

    Raises
    ------
    UsageError
        Naming it.
    """
    if order.base and order.origins.get("preset") == _FLAG:
        raise UsageError(
            f"The preset {order.preset!r} would do nothing on the base {printable(order.base)}",
            cause="a model that begins from another has the size and settings of that one",
            way_out="leave out --preset, or train without --base",
        )
    idle = [name for name in _OF_BASES if name in order.settings and order.origins.get(name, _FLAG) == _FLAG]
    if idle and not order.base:
        raise UsageError(
            f"Without a base this would do nothing: {', '.join(idle)}",
            cause="it says how a model learns that begins from another",
            way_out=f"name one, like --base starter, or leave out {', '.join(idle)}",
        )
