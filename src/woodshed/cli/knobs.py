"""Turns a task's knob table into the flags of a command, so that flags and table cannot disagree."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from woodshed.base.knobs import Knob, KnobTable

_KINDS: dict[str, type] = {"float": float, "int": int, "bool": bool, "text": str}


def with_knobs(table: KnobTable) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace a command's parameter ``settings`` by one flag per knob.

    The command receives ``settings`` as the table's dict of checked positions.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)
        kept = [parameter for name, parameter in own.parameters.items() if name != "settings"]
        flags = {_identifier(knob): knob for knob in table.knobs}
        added = [_parameter(identifier, knob) for identifier, knob in flags.items()]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            values = {knob.name: given.pop(identifier) for identifier, knob in flags.items()}
            command(settings=table.settings(**values), **given)

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*kept, *added)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        del run.__wrapped__  # type: ignore[attr-defined]  # else the flags of the table are not seen
        return run

    return wrap


def _identifier(knob: Knob) -> str:
    return f"{knob.name}_knob"


def _parameter(identifier: str, knob: Knob) -> inspect.Parameter:
    kind = _KINDS[knob.kind]
    stops = f" [{' to '.join(knob.stops)}{' ' + knob.unit if knob.unit else ''}]" if knob.stops else ""
    words = f" ({', '.join(knob.choices)})" if knob.choices else ""  # in square brackets rich takes words for a style
    option = typer.Option(f"--{knob.name.replace('_', '-')}", help=knob.help + stops + words)
    annotation = Annotated[kind if knob.default is not None else kind | None, option]
    return inspect.Parameter(identifier, inspect.Parameter.KEYWORD_ONLY, default=knob.default, annotation=annotation)
