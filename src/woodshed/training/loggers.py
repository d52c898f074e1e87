"""Metrics to Weights & Biases, trackio or TensorBoard: extras, imported only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.events import Event, EventSink, Metric, Preview

PROJECT = "woodshed"
_MODULES = {"wandb": "wandb", "trackio": "trackio", "tensorboard": "torch.utils.tensorboard"}


@contextmanager
def logging_to(names: str, *, run: str, settings: Mapping[str, object], onward: EventSink) -> Iterator[EventSink]:
    """A sink that passes events on and sends metrics to every logger named.

    Parameters
    ----------
    names
        Empty, or some of wandb, trackio, tensorboard with commas between.
    run
        What the run is called there.
    settings
        Shown beside it.

    Raises
    ------
    UnknownName
        If there is no such logger.
    UsageError
        If the extra that brings it is not installed.

    Examples
    --------
    >>> with logging_to("", run="drums", settings={}, onward=print) as told:
    ...     told(Metric(name="loss", value=0.5, step=3))
    kind='metric' name='loss' value=0.5 step=3
    """
    with ExitStack() as stack:
        sinks = [onward]
        for name in filter(None, (part.strip() for part in names.split(","))):
            sink, close = _opened(name, run, settings)
            stack.callback(close)
            sinks.append(sink)

        def tell(event: Event) -> None:
            for sink in sinks:
                sink(event)

        yield tell


def _opened(name: str, run: str, settings: Mapping[str, object]) -> tuple[EventSink, Callable[[], object]]:
    if name not in _MODULES:
        raise UnknownName("logger", name, known=_MODULES)
    module = _imported(name)
    if name == "tensorboard":
        return _to_tensorboard(module, run, settings)
    there = module.init(project=PROJECT, name=run, config=dict(settings))

    def send(event: Event) -> None:
        if isinstance(event, Metric):
            there.log({event.name: event.value}, step=event.step)
        elif isinstance(event, Preview) and hasattr(module, "Image"):
            there.log({event.label.split(" at ")[0]: module.Image(event.path)})

    return send, there.finish


def _to_tensorboard(module: Any, run: str, settings: Mapping[str, object]) -> tuple[EventSink, Callable[[], object]]:
    writer = module.SummaryWriter(log_dir=f"runs/{run}")
    writer.add_text("settings", "\n".join(f"    {key} = {value}" for key, value in settings.items()))

    def send(event: Event) -> None:
        if isinstance(event, Metric):
            writer.add_scalar(event.name, event.value, event.step)

    return send, writer.close


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(_MODULES[name])
    except ImportError as error:
        raise UsageError(
            f"Metrics cannot go to {name}: it is not installed",
            cause="it is an extra that nothing else here needs",
            way_out=f"pip install 'woodshed[{name}]', or leave out --set log_to={name}",
        ) from error
