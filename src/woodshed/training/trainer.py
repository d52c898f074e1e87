"""One trainer for every family: a budget, averaged weights, held-out loss, previews, exact resume, a kind Ctrl-C."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import cast

import torch
from accelerate import Accelerator

from woodshed.base.errors import DiskProblem, TrainingFailed
from woodshed.base.events import EventSink, Metric, Note, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.base.units import seconds_to_text
from woodshed.roles import Example, Features, Trainable
from woodshed.training.averaging import WeightAverage
from woodshed.training.budget import Budget
from woodshed.training.checkpoint import load_checkpoint, load_model_only, read_facts, save_checkpoint
from woodshed.training.choosing import Candidate, Choose, is_due, take_weights
from woodshed.training.run import Run, RunState

log = logging.getLogger(__name__)

CALIBRATION_SECONDS = 4.0
SAFETY = 0.92  # share of the remaining budget that is planned as steps; the rest is evaluation and saving
LEAST_SHARE = 0.5  # of minutes by the clock is left for steps, however long the listening took
CPU_SHARE = 0.97  # of a budget of processor time after which no further step begins: the end costs some, too
CHECKPOINT_SECONDS = 30.0
EVALUATIONS = 8
HELD_OUT_BATCHES = 4
AGREE_EVERY = 10  # steps between two askings whether any process was told to stop


@dataclasses.dataclass(frozen=True)
class TrainingPlan:
    """What fixes a run: repeat it with the same sounds and it gives the same model on the same machine."""

    budget: Budget
    seed: int = 0
    augment: bool = True


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """The model with averaged weights, and the facts of its training."""

    model: Trainable
    steps: int
    planned_steps: int
    seconds: float
    stopped_early: bool
    loss_first: float
    loss_last: float
    loss_held_out: float | None
    verdict: str
    device: str = "cpu"
    cpu_seconds: float = 0.0


def train(
    model: Trainable,
    examples: Callable[[], Iterable[Example]],
    *,
    plan: TrainingPlan,
    run: Run,
    held_out: Callable[[], Iterable[Example]] | None = None,
    count: int = 0,
    data_key: str = "",
    resume: bool = False,
    on_preview: Callable[[Trainable, int], None] | None = None,
    choose: Choose | None = None,
    on_event: EventSink = ignore,
) -> TrainedModel:
    """Train a model on examples until the budget is spent.

    Parameters
    ----------
    model
        Freshly built; changed in place, and holds the averaged weights in the end.
    examples, held_out
        Called for each streaming pass over the sounds.
    count
        How many sounds ``examples`` gives, for the progress bar; 0 if unknown.
    plan
        Budget, seed and augmentation.
    run
        The folder that gets state, events and checkpoints.
    data_key
        What identifies the data (the manifest's Merkle root); a resumed run refuses other data.
    resume
        Go on from the run's last checkpoint.
    on_preview
        Called with the averaged model and the step at half-way and at the end.
    choose
        Says in the end which of the last few averages becomes the model; None takes the last.

    Raises
    ------
    TrainingFailed
        If there is nothing to train on, the loss is not finite, or the checkpoint does not fit.
    """
    run.clear_cancel()  # an old wish to stop is not meant for this run
    trainer = _Trainer(model, plan, run, run.sink(on_event), on_preview, count)
    trainer.choose = choose
    try:
        return trainer.train(examples, held_out, data_key=data_key, resume=resume)
    except BaseException as error:
        trainer.note_failure(error)
        raise


class _Trainer:
    def __init__(
        self,
        model: Trainable,
        plan: TrainingPlan,
        run: Run,
        on_event: EventSink,
        on_preview: Callable[[Trainable, int], None] | None,
        count: int,
    ) -> None:
        self.model, self.plan, self.run, self.count = model, plan, run, count
        self.on_preview = on_preview
        self.checkpoint = run.folder / "checkpoint.safetensors"
        self.accelerator = Accelerator()
        self.on_event = on_event if self.accelerator.is_main_process else ignore
        self.started = time.monotonic()
        self.cpu_started = time.process_time()
        self.losses: list[float] = []
        self.choose: Choose | None = None
        self.kept: list[Candidate] = []

    def train(
        self,
        examples: Callable[[], Iterable[Example]],
        held_out: Callable[[], Iterable[Example]] | None,
        *,
        data_key: str,
        resume: bool,
    ) -> TrainedModel:
        facts = self._facts_to_resume(data_key) if resume else None
        features, judged = self._prepare(examples, held_out, fitted=facts is not None)
        self._ready(facts)
        first_step = int(str(facts["step"])) if facts else 0
        self.cpu_started -= float(str(facts.get("cpu_seconds", 0.0))) if facts else 0.0  # what earlier parts spent
        total = int(str(facts["total_steps"])) if facts else self._agreed(self._planned_steps(features))
        self.keys = {"data_key": data_key, "seed": self.plan.seed, "total_steps": total, "family": self.model.family}
        self.state = RunState(status="training", step=first_step, total_steps=total, started_at=time.time())
        self._save_state()
        with _interrupts() as interrupted:
            step = self._loop(features, judged, first_step, total, interrupted)
        return self._finish(judged, step, total)

    def note_failure(self, error: BaseException) -> None:
        """Leave word in the run's folder that it ended, and why."""
        if self.accelerator.is_main_process:
            state = self.run.state()
            state.status, state.text = "failed", f"{type(error).__name__}: {error}"
            with contextlib.suppress(DiskProblem):  # the disk may be what failed; the first error is the one to see
                self.run.save(state)

    # -- before the loop

    def _facts_to_resume(self, data_key: str) -> dict[str, object]:
        facts = read_facts(self.checkpoint)
        if facts["data_key"] != data_key or facts["seed"] != self.plan.seed or facts["family"] != self.model.family:
            raise TrainingFailed(
                "The run cannot go on: its sounds, seed or family are not those it began with",
                cause="sounds were added, removed or withdrawn since, or other flags were given",
                way_out="repeat the first command with --resume alone, or train anew under another name",
            )
        return facts

    def _prepare(
        self,
        examples: Callable[[], Iterable[Example]],
        held_out: Callable[[], Iterable[Example]] | None,
        *,
        fitted: bool,
    ) -> tuple[Features, Features | None]:
        seed = self.plan.seed
        if not fitted:
            self.model.fit(self._watched(examples(), "listening"), seed=derive_seed(seed, "fit"))
        else:  # the bases lie in the checkpoint and shape the features, so they come first
            load_model_only(self.checkpoint, self.model)
        watched = self._watched(examples(), "making features")
        features = self.model.encode(watched, seed=derive_seed(seed, "encode"), augment=self.plan.augment)
        if len(features) == 0:
            raise TrainingFailed(
                "There is no sound to train on",
                cause="the query found nothing, or no grant allows this use",
                way_out="woodshed library ls, then woodshed consent explain SOUND",
            )
        judged = self.model.encode(held_out(), seed=derive_seed(seed, "held-out"), augment=False) if held_out else None
        device = self.accelerator.device
        features = _on(features, device)
        return features, _on(judged, device) if judged is not None and len(judged) else None

    def _watched(self, examples: Iterable[Example], stage: str) -> Iterator[Example]:
        """The same examples, told as progress about a hundred times on the way."""
        for number, example in enumerate(examples, start=1):
            yield example
            if self.count and (number % max(1, self.count // 100) == 0 or number == self.count):
                self.on_event(Progress(stage=stage, done=number, total=self.count, unit="sounds"))

    def _ready(self, facts: dict[str, object] | None) -> None:
        self.model.to(self.accelerator.device)
        self.average = WeightAverage(self.model)
        self.plans = self.model.optimisers()
        self.rates = [[group["lr"] for group in plan.optimiser.param_groups] for plan in self.plans]
        optimisers = [plan.optimiser for plan in self.plans]
        if facts:
            load_checkpoint(self.checkpoint, model=self.model, average=self.average, optimisers=optimisers)
        self.wrapped = self.accelerator.prepare_model(self.model)

    @property
    def cpu_seconds(self) -> float:
        """Processor time spent so far, over all threads: listening, features, steps, judging and previews."""
        return time.process_time() - self.cpu_started

    def _planned_steps(self, features: Features) -> int:
        budget = self.plan.budget
        if budget.steps is not None:
            return budget.steps
        clock = time.perf_counter if budget.cpu_seconds is None else time.process_time
        seconds_per_step = self._calibrate(features, min(CALIBRATION_SECONDS, 0.05 * budget.timed_s), clock=clock)
        left = self._seconds_left(budget)
        steps = max(10, int(SAFETY * left / seconds_per_step))
        unit = "" if budget.cpu_seconds is None else " of processor time"
        self.on_event(
            Note(
                text=f"{len(features)} examples ready; {1 / seconds_per_step:.1f} steps a second{unit} here, "
                f"so {steps} steps in about {seconds_to_text(steps * seconds_per_step / SAFETY)}. "
                f"Repeat exactly with --budget {steps}steps."
            )
        )
        return steps

    def _seconds_left(self, budget: Budget) -> float:
        """What the listening left of a budget: of the clock's at least a half, of processor time what there is."""
        spent = self.cpu_seconds if budget.cpu_seconds is not None else time.monotonic() - self.started
        left = budget.timed_s - spent
        if left >= LEAST_SHARE * budget.timed_s:
            return left
        late = f"Listening alone took {seconds_to_text(spent)}"
        if budget.cpu_seconds is not None:
            self.on_event(Note(level="warning", text=f"{late} of processor time; give more, or fewer sounds."))
            return max(left, 0.0)
        self.on_event(Note(level="warning", text=f"{late}; the training still gets half of its budget."))
        return LEAST_SHARE * budget.timed_s

    def _calibrate(self, features: Features, seconds: float, *, clock: Callable[[], float]) -> float:
        """Seconds per step, measured on a copy that is thrown away; the first two steps warm up."""
        twin = copy.deepcopy(self.model)
        plans = twin.optimisers()
        times: list[float] = []
        began = clock()
        while len(times) < 3 or (clock() - began < seconds and len(times) < 200):
            start = clock()
            self._descend(twin, twin, plans, features, step=len(times))
            times.append(clock() - start)
        counted = sorted(times[2:])
        if self.plan.budget.cpu_seconds is not None:  # a mean, not a median: all of it is paid for
            return max(sum(counted) / len(counted), 1e-6)
        return max(counted[len(counted) // 2], 1e-6)

    # -- the loop

    def _loop(
        self, features: Features, judged: Features | None, first: int, total: int, interrupted: threading.Event
    ) -> int:
        saved_at = time.monotonic()
        every = max(1, total // EVALUATIONS)
        loop_began = time.monotonic()
        step = first
        while step < total:
            for plan, rates in zip(self.plans, self.rates, strict=True):
                for group, rate in zip(plan.optimiser.param_groups, rates, strict=True):
                    group["lr"] = rate * plan.factor(step, total)
            loss = self._descend(self.wrapped, self.model, self.plans, features, step=step)
            self.average.update(self.model, step=step)
            self._note_loss(loss, step)
            step += 1
            if self.choose and is_due(step, total):
                self._keep(step)
            if step % max(1, total // 100) == 0 or step == total:
                self._report(step, total, (time.monotonic() - loop_began) / (step - first))
            if step % every == 0 and step < total:
                self._evaluate(judged, step)
                if self.on_preview and step // every == EVALUATIONS // 2:
                    self._preview(step)
            if self._must_stop(interrupted, step):
                break
            if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                self._save(step)
                saved_at = time.monotonic()
        self._save(step)
        return step

    def _descend(
        self, wrapped: torch.nn.Module, model: Trainable, plans: list, features: Features, *, step: int
    ) -> float:
        rank = self.accelerator.process_index
        indices = _draw(features, model.config.batch_size, seed=derive_seed(self.plan.seed, "batch", step, rank))
        losses = wrapped(features.batch(indices), derive_seed(self.plan.seed, "step", step, rank))
        weights = model.loss_weights()
        total = torch.stack([weights.get(name, 1.0) * loss for name, loss in losses.items()]).sum()
        for plan in plans:
            plan.optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(total)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for plan in plans:
            plan.optimiser.step()
        return float(total.detach())

    def _note_loss(self, loss: float, step: int) -> None:
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise TrainingFailed(
                f"The loss is no longer a number at step {step}",
                cause="the learning rate is too high for these sounds",
                way_out="train again with another --seed; if it happens again, report it with the run's events.jsonl",
            )
        self.losses.append(loss)

    def _report(self, step: int, total: int, seconds_per_step: float) -> None:
        recent = self.losses[-max(1, total // 100) :]
        self.on_event(Metric(name="loss", value=sum(recent) / len(recent), step=step))
        self.on_event(
            Progress(
                stage="training", done=step, total=total, unit="steps", seconds_left=(total - step) * seconds_per_step
            )
        )
        self._note_time(step)
        self._save_state()

    def _note_time(self, step: int) -> None:
        self.state.step, self.state.seconds = step, time.monotonic() - self.started
        self.state.cpu_seconds = self.cpu_seconds

    def _evaluate(self, judged: Features | None, step: int) -> float | None:
        if judged is None:
            return None
        with self._averaged():
            loss = held_out_loss(self.model, judged, seed=self.plan.seed)
        self.on_event(Metric(name="loss_held_out", value=loss, step=step))
        return loss

    def _preview(self, step: int) -> None:
        if self.on_preview and self.accelerator.is_main_process:
            with self._averaged():
                here = self.accelerator.device.type == "cpu"  # sounds are made on the processor, as they will be later
                self.on_preview(self.model if here else copy.deepcopy(self.model).cpu(), step)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        self.average.swap(self.model)
        self.model.eval()
        try:
            yield
        finally:
            self.average.swap(self.model)
            self.model.train()

    def _save(self, step: int) -> None:
        if self.accelerator.is_main_process:
            save_checkpoint(
                self.checkpoint,
                model=self.model,
                average=self.average,
                optimisers=[plan.optimiser for plan in self.plans],
                facts={**self.keys, "step": step, "cpu_seconds": self.cpu_seconds},
            )

    def _save_state(self) -> None:
        if self.accelerator.is_main_process:
            self.run.save(self.state)

    # -- several processes: all must take the same number of steps, or they wait for each other for ever

    def _agreed(self, steps: int) -> int:
        if self.accelerator.num_processes == 1:
            return steps
        mean = self.accelerator.reduce(torch.tensor(float(steps), device=self.accelerator.device), reduction="mean")
        return int(cast("torch.Tensor", mean))

    def _must_stop(self, interrupted: threading.Event, step: int) -> bool:
        wanted = interrupted.is_set() or self.run.cancelled() or self._spent()
        if self.accelerator.num_processes == 1:
            return wanted
        if step % AGREE_EVERY:
            return False
        votes = self.accelerator.reduce(torch.tensor(float(wanted), device=self.accelerator.device), reduction="sum")
        return float(cast("torch.Tensor", votes)) > 0

    def _spent(self) -> bool:
        allowed = self.plan.budget.cpu_seconds
        return allowed is not None and self.cpu_seconds > CPU_SHARE * allowed

    # -- after the loop

    def _keep(self, step: int) -> None:
        self.kept.append(Candidate(step, {name: tensor.clone() for name, tensor in self.average.tensors.items()}, None))

    def _choose_weights(self, judged: Features | None, step: int) -> None:
        """Put the chosen average in the place of the last one."""
        if self.choose is None or not self.accelerator.is_main_process:
            return
        if not self.kept or self.kept[-1].step < step:
            self._keep(step)
        with self._averaged():  # what lies in the model at the end of this block is the average from then on
            candidates = []
            for one in self.kept:
                take_weights(self.model, one)
                loss = None if judged is None else held_out_loss(self.model, judged, seed=self.plan.seed)
                candidates.append(dataclasses.replace(one, loss_held_out=loss))
            here = self.accelerator.device.type == "cpu"
            at = self.choose(self.model if here else copy.deepcopy(self.model).cpu(), candidates)
            take_weights(self.model, candidates[at])

    def _finish(self, judged: Features | None, step: int, total: int) -> TrainedModel:
        self._choose_weights(judged, step)
        held_out_loss_last = self._evaluate(judged, step)
        self._preview(step)
        self.average.swap(self.model)
        self.model.eval()
        self.model.cpu()
        stopped = step < total
        curve = self.run.metrics("loss")
        first = curve[0][1] if curve else (self.losses[0] if self.losses else float("nan"))
        last = curve[-1][1] if curve else (self.losses[-1] if self.losses else float("nan"))
        self.state.status = "stopped" if stopped else "done"
        self._note_time(step)
        verdict = _verdict(first, last, held_out_loss_last, stopped=stopped, step=step, total=total)
        self.state.text = verdict
        self._save_state()
        self.run.clear_cancel()
        return TrainedModel(
            self.model,
            step,
            total,
            self.state.seconds,
            stopped,
            first,
            last,
            held_out_loss_last,
            verdict,
            device=self.accelerator.device.type,
            cpu_seconds=self.state.cpu_seconds,
        )


@torch.no_grad()
def held_out_loss(model: Trainable, features: Features, *, seed: int) -> float:
    """Mean weighted loss over a fixed draw of held-out examples; the same draw at every call."""
    values = []
    for number in range(HELD_OUT_BATCHES):
        indices = _draw(Features(features.tensors), model.config.batch_size, seed=derive_seed(seed, "judge", number))
        losses = model.training_step(features.batch(indices), seed=derive_seed(seed, "judge-step", number))
        weights = model.loss_weights()
        values.append(sum(weights.get(name, 1.0) * float(loss) for name, loss in losses.items()))
    return sum(values) / len(values)


def _draw(features: Features, batch_size: int, *, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    if features.weights is None:
        return torch.randint(len(features), (batch_size,), generator=generator)
    return torch.multinomial(features.weights.cpu().double(), batch_size, replacement=True, generator=generator)


def _on(features: Features, device: torch.device) -> Features:
    return Features({name: tensor.to(device) for name, tensor in features.tensors.items()}, features.weights)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Ctrl-C inside the block sets a flag; a second one interrupts as usual."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = signal.getsignal(signal.SIGINT)

    def note(_signal: int, _frame: FrameType | None) -> None:
        flag.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, before)


def _verdict(first: float, last: float, held_out: float | None, *, stopped: bool, step: int, total: int) -> str:
    sentences = [
        f"Stopped at step {step} of {total}; the model is usable." if stopped else f"Trained for {step} steps."
    ]
    fallen = 1.0 - last / first if first > 0 else 0.0
    if fallen < 0.1:
        sentences.append("It has hardly begun to learn: give it more minutes.")
    else:
        sentences.append(f"The loss fell by {100 * fallen:.0f} %.")
    if fallen >= 0.1 and held_out is not None and last > 0:
        gap = held_out / last
        if gap < 1.3:
            sentences.append("It does as well on sounds it never heard: more minutes can still help.")
        elif gap < 2.5:
            sentences.append(
                f"On sounds it never heard the loss is {gap:.1f} times as high, as usual for a small library."
            )
        else:
            sentences.append(
                f"On sounds it never heard the loss is {gap:.1f} times as high: mind the copying figures of evaluate."
            )
    return " ".join(sentences)
