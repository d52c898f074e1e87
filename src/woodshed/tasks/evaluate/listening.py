"""The listener that judges classes: trained here, on real sounds the judged model never heard if there are enough."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from woodshed.base.events import Event, EventSink, Note, Preview, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics import SoundSet
from woodshed.roles import DataSpec, Example, Listener, family_class
from woodshed.training import Budget, Run, TrainingPlan, train

FAMILY = "mel-listener"
_FEWEST_PER_CLASS = 4
_FEWEST = 60


@dataclass(frozen=True)
class Hearing:
    """A trained listener, the classes it can judge, and what it learned from."""

    listener: Listener
    classes: tuple[str, ...]
    steps: int
    trained_on: int
    heard_training_sounds: bool


def trained_listener(
    training: SoundSet,
    held_out: SoundSet,
    *,
    allowed: Collection[str] | None,
    steps: int,
    seed: int,
    on_event: EventSink = ignore,
) -> Hearing | None:
    """Train a listener on the held-out sounds, or on the training sounds where those are too few.

    Parameters
    ----------
    allowed
        Names of the sounds that may be used for training a listener; None for all.
    steps
        Length of its training.

    Returns
    -------
    Hearing, or None if there are fewer than two classes of at least 4 sounds.
    """
    wanted = {name for name in training.class_names if name}
    for sounds, is_training in ((held_out, False), (training, True)):
        lesson = _lesson(sounds, wanted, allowed)
        classes = tuple(sorted(set(lesson.class_names)))
        if len(classes) >= 2 and (is_training or (len(lesson) >= _FEWEST and len(classes) >= 0.6 * len(wanted))):
            listener = _train(lesson, classes, steps=steps, seed=seed, on_event=on_event)
            return Hearing(listener, classes, steps, len(lesson), is_training)
    return None


def _lesson(sounds: SoundSet, wanted: set[str], allowed: Collection[str] | None) -> SoundSet:
    """The sounds of wanted classes that may be learned from, without classes of fewer than 4."""
    places = [
        place
        for place, name in enumerate(sounds.class_names)
        if name in wanted and (allowed is None or sounds.names[place] in allowed)
    ]
    counts = Counter(sounds.class_names[place] for place in places)
    return sounds.taken(place for place in places if counts[sounds.class_names[place]] >= _FEWEST_PER_CLASS)


def _train(lesson: SoundSet, classes: tuple[str, ...], *, steps: int, seed: int, on_event: EventSink) -> Listener:
    kind = family_class(FAMILY)
    spec = DataSpec(lesson.sample_rate_hz, 1, classes)
    model = kind(kind.PRESETS["laptop"], spec, seed=derive_seed(seed, "listener"))
    numbers = {name: number for number, name in enumerate(classes)}
    examples = [
        Example(sound, numbers[class_name], name)
        for sound, class_name, name in zip(lesson.sounds, lesson.class_names, lesson.names, strict=True)
    ]
    plan = TrainingPlan(Budget(steps=steps), seed=derive_seed(seed, "listener training"))
    with tempfile.TemporaryDirectory(prefix="woodshed-listener-") as folder:
        trained = train(
            model, lambda: examples, plan=plan, run=Run(Path(folder) / "run"), on_event=_renamed(on_event)
        ).model
    assert isinstance(trained, Listener)
    return trained.eval()


def _renamed(on_event: EventSink) -> EventSink:
    """Pass on progress under a name of its own; the listener's own numbers would only confuse."""

    def sink(event: Event) -> None:
        if isinstance(event, Progress):
            on_event(event.model_copy(update={"stage": "training a listener"}))
        elif isinstance(event, Note) and event.level == "warning":
            on_event(event)
        elif isinstance(event, Preview):
            return

    return sink
