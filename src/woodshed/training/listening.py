"""Before the first step: hearing the sounds, and how many steps a budget buys."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from woodshed.base.errors import TrainingFailed
from woodshed.base.events import EventSink, Note, Progress
from woodshed.base.seeds import derive_seed
from woodshed.base.units import seconds_to_text
from woodshed.roles import Example, Features, Trainable
from woodshed.training.budget import Budget
from woodshed.training.settings import RunSettings
from woodshed.training.stepping import Stepper

CALIBRATION_SECONDS = 4.0
SAFETY = 0.92  # share of the remaining budget that is planned as steps; the rest is judging and saving
LEAST_SHARE = 0.5  # of minutes by the clock is left for steps, however long the listening took

Examples = Callable[[], Iterable[Example]]


@dataclass(frozen=True)
class Clocks:
    """When a training began, by the clock and in processor time over all threads."""

    began: float
    cpu_began: float

    @classmethod
    def now(cls, *, cpu_spent: float = 0.0) -> Clocks:
        """Begin now; ``cpu_spent`` was spent by earlier parts of the same run."""
        return cls(time.monotonic(), time.process_time() - cpu_spent)

    @property
    def seconds(self) -> float:
        """Seconds by the clock."""
        return time.monotonic() - self.began

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processor time: listening, features, steps, judging and previews."""
        return time.process_time() - self.cpu_began


def features_of(model: Trainable, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
    """The features of the training sounds.

    Raises
    ------
    TrainingFailed
        If there are none.
    """
    features = model.encode(examples, seed=derive_seed(seed, "encode"), augment=augment)
    if len(features) == 0:
        raise TrainingFailed(
            "There is no sound to train on",
            cause="the query found nothing, or no grant allows this use",
            way_out="woodshed library ls, then woodshed consent explain SOUND",
        )
    return features


def held_out_features(model: Trainable, examples: Examples | Features | None, *, seed: int) -> Features | None:
    """The features of the held-out sounds, if there are any; ready ones as they are."""
    if examples is None or isinstance(examples, Features):
        return examples
    found = model.encode(examples(), seed=derive_seed(seed, "held-out"), augment=False)
    return found if len(found) else None


def watched(examples: Iterable[Example], stage: str, *, count: int, on_event: EventSink) -> Iterator[Example]:
    """The same examples, told as progress about a hundred times on the way."""
    for number, example in enumerate(examples, start=1):
        yield example
        if count and (number % max(1, count // 100) == 0 or number == count):
            on_event(Progress(stage=stage, done=number, total=count, unit="sounds"))


def on_device(features: Features | None, device: torch.device) -> Features | None:
    """The same features where the model is."""
    if features is None:
        return None
    return Features({name: tensor.to(device) for name, tensor in features.tensors.items()}, features.weights)


def steps_for(
    budget: Budget,
    model: Trainable,
    features: Features,
    *,
    settings: RunSettings,
    accelerator: Accelerator,
    clocks: Clocks,
    reserve_s: float,
    on_event: EventSink,
) -> int:
    """How many steps a budget buys here, and a note that says so."""
    if budget.steps is not None:
        return budget.steps
    per_step = _seconds_per_step(budget, model, features, settings=settings, accelerator=accelerator)
    left = max(0.0, _seconds_left(budget, clocks, on_event) - reserve_s)
    steps = max(10, int(SAFETY * left / per_step))
    if settings.most_steps:
        steps = min(steps, settings.most_steps)
    unit, alone = ("", "") if budget.cpu_seconds is None else (" of processor time", " and OMP_NUM_THREADS=1")
    on_event(
        Note(
            text=f"{len(features)} examples ready; {1 / per_step:.1f} steps a second{unit} here, "
            f"so {steps} steps in about {seconds_to_text(steps * per_step / SAFETY)}. "
            f"Repeat exactly with --budget {steps}steps{alone}."
        )
    )
    return steps


def _seconds_left(budget: Budget, clocks: Clocks, on_event: EventSink) -> float:
    """What the listening left of a budget: of the clock's at least a half, of processor time what there is."""
    spent = clocks.seconds if budget.cpu_seconds is None else clocks.cpu_seconds
    left = budget.timed_s - spent
    if left >= LEAST_SHARE * budget.timed_s:
        return left
    late = f"Listening alone took {seconds_to_text(spent)}"
    if budget.cpu_seconds is not None:
        on_event(Note(level="warning", text=f"{late} of processor time; give more, or fewer sounds."))
        return max(left, 0.0)
    on_event(Note(level="warning", text=f"{late}; the training still gets half of its budget."))
    return LEAST_SHARE * budget.timed_s


def _seconds_per_step(
    budget: Budget, model: Trainable, features: Features, *, settings: RunSettings, accelerator: Accelerator
) -> float:
    """Measured on a copy that is thrown away; the first two steps warm up."""
    clock = time.perf_counter if budget.cpu_seconds is None else time.process_time
    seconds = min(CALIBRATION_SECONDS, 0.05 * budget.timed_s)
    twin = Stepper(copy.deepcopy(model), settings=settings, accelerator=accelerator, seed=0, shared=False)
    times: list[float] = []
    began = clock()
    while len(times) < 3 or (clock() - began < seconds and len(times) < 200):
        start = clock()
        twin.step(features, step=len(times))
        if accelerator.device.type == "cuda":
            torch.cuda.synchronize()
        times.append(clock() - start)
    counted = sorted(times[2:])
    if budget.cpu_seconds is not None:  # a mean, not a median: all of it is paid for
        return max(sum(counted) / len(counted), 1e-6)
    return max(counted[len(counted) // 2], 1e-6)
