"""One trainer for every family: a budget, averaged weights, held-out loss, previews, exact resume, a kind Ctrl-C."""

from __future__ import annotations

import contextlib
import copy
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from torch import Tensor

from woodshed.base.errors import DiskProblem, TrainingFailed
from woodshed.base.events import EventSink, Metric, Note, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.nn import one_thread
from woodshed.roles import Example, Features, Rehearses, Trainable
from woodshed.training.adapting import Pull, add_low_rank, merge_low_rank
from woodshed.training.averaging import LENGTHS, MIDDLE, WeightAverages
from woodshed.training.checkpoint import load_checkpoint, load_model_only, read_facts, save_checkpoint
from woodshed.training.choosing import Candidate, Chooser, OnTheWay, usual
from woodshed.training.control import Control, read_control
from woodshed.training.interrupting import interrupts
from woodshed.training.listening import Clocks, features_of, held_out_features, on_device, steps_for, watched
from woodshed.training.plan import TrainedModel, TrainingPlan
from woodshed.training.processes import Processes
from woodshed.training.rehearsing import REHEARSED, beside
from woodshed.training.run import Change, Run, RunState
from woodshed.training.stepping import Stepper, held_out_loss
from woodshed.training.verdict import verdict

CHECKPOINT_SECONDS = 30.0
CPU_SHARE = 0.97  # of a budget of processor time after which no further step begins: the end costs some, too
AGREE_EVERY = 10  # steps between two looks at the wishes in the run's folder, and at the loss


def train(
    model: Trainable,
    examples: Callable[[], Iterable[Example]] | Features,
    *,
    plan: TrainingPlan,
    run: Run,
    held_out: Callable[[], Iterable[Example]] | Features | None = None,
    count: int = 0,
    data_key: str = "",
    resume: bool = False,
    base: Trainable | None = None,
    choose: Chooser | None = None,
    on_preview: Callable[[Trainable, int], None] | None = None,
    on_event: EventSink = ignore,
) -> TrainedModel:
    """Train a model on examples until the budget is spent.

    Parameters
    ----------
    model
        Freshly built; changed in place, and holds the chosen averaged weights in the end.
    examples, held_out
        Called for each streaming pass over the sounds. Ready features are learned from as they are; the model then
        keeps what it knows in closed form.
    count
        How many sounds ``examples`` gives, for the progress bar; 0 if unknown.
    plan
        Budget, seed, augmentation and settings.
    run
        The folder that gets state, events and checkpoints.
    data_key
        What identifies the data (the manifest's Merkle root); a resumed run refuses other data.
    resume
        Go on from the run's last checkpoint.
    base
        A model of the same family to begin from.
    choose
        Picks one of the candidate weights in the end; None, or None as its answer, takes the least held-out loss.
        The model is on the processor then, in evaluation mode; ``candidate.into(model)`` lays weights into it.
    on_preview
        Called with the averaged model and the step at half-way and at the end.

    Raises
    ------
    HandshakeError
        If the model cannot begin from the base.
    TrainingFailed
        If there is nothing to train on, the loss is not finite, or the checkpoint does not fit.
    """
    run.clear_cancel()  # an old wish to stop is not meant for this run
    trainer = _Trainer(model, plan, run, run.sink(on_event), count)
    trainer.base, trainer.choose, trainer.on_preview = base, choose, on_preview
    sparing = plan.budget.cpu_seconds is not None  # several threads spend processor time waiting for each other
    try:
        with one_thread() if sparing else contextlib.nullcontext():
            return trainer.train(examples, held_out, data_key=data_key, resume=resume)
    except BaseException as error:
        trainer.note_failure(error)
        raise


class _Trainer:
    base: Trainable | None = None
    choose: Chooser | None = None
    on_preview: Callable[[Trainable, int], None] | None = None

    def __init__(self, model: Trainable, plan: TrainingPlan, run: Run, on_event: EventSink, count: int) -> None:
        self.model, self.plan, self.run, self.count = model, plan, run, count
        self.settings = plan.settings
        self.checkpoint = run.checkpoint
        self.on_the_way = OnTheWay(run.folder / "candidates")
        self.accelerator = Accelerator()
        self.processes = Processes(self.accelerator)
        self.on_event = on_event if self.accelerator.is_main_process else ignore
        self.clocks = Clocks.now()
        self.losses: list[float] = []
        self.judged: list[tuple[int, float]] = []  # step and held-out loss
        self.changes: list[Change] = []
        self.control = Control()
        self.end = "done"

    def train(
        self,
        examples: Callable[[], Iterable[Example]] | Features,
        held_out: Callable[[], Iterable[Example]] | Features | None,
        *,
        data_key: str,
        resume: bool,
    ) -> TrainedModel:
        facts = self._facts_to_resume(data_key) if resume else None
        self._listen(examples, held_out, fitted=facts is not None)
        first = self._take_up(facts)
        total = int(str(facts["total_steps"])) if facts else self._planned_steps()
        self.keys = {"data_key": data_key, "seed": self.plan.seed, "total_steps": total, "family": self.model.family}
        self.state = RunState(status="training", step=first, total_steps=total, started_at=time.time())
        self._note_time(first)
        self._save_state()
        with interrupts() as interrupted:
            step = self._loop(first, total, interrupted)
        return self._finish(step, total)

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
                way_out="repeat the first command with --resume alone, or start over with --anew",
            )
        self.clocks = Clocks.now(cpu_spent=float(str(facts.get("cpu_seconds", 0.0))))
        return facts

    def _listen(
        self,
        examples: Callable[[], Iterable[Example]] | Features,
        held_out: Callable[[], Iterable[Example]] | Features | None,
        *,
        fitted: bool,
    ) -> None:
        """Set what follows from the sounds in closed form, and make the features, unless they are there already."""
        if isinstance(examples, Features):
            self._take(examples, held_out, anchors={})
            return
        seed, count, tell = self.plan.seed, self.count, self.on_event
        adopted = self.model.adopt(self.base) if self.base else None
        if not fitted:
            learn = self.model.refit if adopted else self.model.fit
            learn(watched(examples(), "listening", count=count, on_event=tell), seed=derive_seed(seed, "fit"))
        names = adopted.whole if adopted else ()
        anchors = {name: tensor.detach().clone() for name, tensor in self.model.named_parameters() if name in names}
        if adopted and self.settings.adapt == "low-rank":
            add_low_rank(self.model, rank=self.settings.rank, seed=seed)
            anchors = {}
        if fitted:  # the bases lie in the checkpoint and shape the features, so they come first
            load_model_only(self.checkpoint, self.model)
        told = watched(examples(), "making features", count=count, on_event=tell)
        features = features_of(self.model, told, seed=seed, augment=self.plan.augment)
        if not fitted:
            self.model.settle(features, seed=derive_seed(seed, "settle"))
        if self.base and isinstance(self.model, Rehearses) and (share := self.settings.rehearsal):
            own = self.model.rehearse(self.base, count=REHEARSED, seed=derive_seed(seed, "rehearse"))
            features = beside(features, own, share=share)
        self._take(features, held_out, anchors=anchors)

    def _take(
        self,
        features: Features,
        held_out: Callable[[], Iterable[Example]] | Features | None,
        *,
        anchors: dict[str, Tensor],
    ) -> None:
        """Lay features, and the weights that are pulled at, where the model will be."""
        judged = held_out_features(self.model, held_out, seed=self.plan.seed)
        device = self.accelerator.device
        self.features = on_device(features, device) or features
        self.held_out = on_device(judged, device)
        self.anchors = {name: tensor.to(device) for name, tensor in anchors.items()}

    def _take_up(self, facts: dict[str, object] | None) -> int:
        """Make everything ready for the next step, and give its number."""
        self.model.to(self.accelerator.device)
        self.averages = WeightAverages(self.model)
        self.stepper = Stepper(
            self.model, settings=self.settings, accelerator=self.accelerator, seed=self.plan.seed, shared=True
        )
        if self.anchors and self.settings.pull:
            self.stepper.pull = Pull(self.model, base=self.anchors, strength=self.settings.pull, rate=self.stepper.rate)
        if facts is None:
            self.on_the_way.clear()
            return 0
        load_checkpoint(self.checkpoint, model=self.model, averages=self.averages, optimisers=self.stepper.optimisers)
        self.judged = [(int(step), float(loss)) for step, loss in facts.get("judged", [])]  # type: ignore[attr-defined]
        self.changes = [Change.model_validate(one) for one in facts.get("changes", [])]  # type: ignore[attr-defined]
        self.control = Control.model_validate(facts.get("control", {})).model_copy(update={"stop": False})
        return int(str(facts["step"]))

    def _planned_steps(self) -> int:
        return int(
            self.processes.mean(
                steps_for(
                    self.plan.budget,
                    self.model,
                    self.features,
                    settings=self.settings,
                    accelerator=self.accelerator,
                    clocks=self.clocks,
                    reserve_s=self.plan.reserve_s,
                    on_event=self.on_event,
                )
            )
        )

    # -- the loop

    def _loop(self, first: int, total: int, interrupted: threading.Event) -> int:
        saved_at = began = time.monotonic()
        judge_every, report_every = max(1, total // self.settings.judgings), max(1, total // 100)
        recent: list[Tensor] = []
        step = first
        while step < total:
            if step % AGREE_EVERY == 0:
                self._heed(step)
            self.stepper.set_rates(step, total, factor=self.control.learning_rate)
            recent.append(self.stepper.step(self.features, step=step))
            self.averages.update(self.model, step=step)
            step += 1
            if step % AGREE_EVERY == 0 or step % report_every == 0 or step - 1 == first or step == total:
                self._note_losses(recent, step)
            if step % report_every == 0 or step == total:
                self._report(step, total, (time.monotonic() - began) / (step - first))
            if step % judge_every == 0 and step < total:
                self._judge_on_the_way(step)
                if step // judge_every == max(1, self.settings.judgings // 2):
                    self._preview(step)
            if self._must_stop(interrupted, step):
                break
            if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                self._save(step)
                saved_at = time.monotonic()
        self._note_losses(recent, step)
        self._save(step)
        if interrupted.is_set():
            self.on_event(Note(level="warning", text=f"Stopping at step {step}: a checkpoint is kept, a model follows"))
        return step

    def _heed(self, step: int) -> None:
        """Take in what someone wrote into the run's folder since."""
        wished = read_control(self.run.folder)
        rate = self.processes.of_first(wished.learning_rate)
        wished = wished.model_copy(update={"learning_rate": rate})
        for name in ("learning_rate", "preview_classes"):
            value = getattr(wished, name)
            if value != getattr(self.control, name):
                self.changes.append(Change(step=step, name=name, value=value))
                self.on_event(Note(text=f"From step {step} on {name} is {value!r}"))
        self.control = wished

    def _note_losses(self, recent: list[Tensor], step: int) -> None:
        if not recent:
            return
        found = torch.stack(recent).tolist()
        recent.clear()
        self.losses += found
        if not all(-1e30 < loss < 1e30 for loss in found):
            raise TrainingFailed(
                f"The loss is no longer a number at step {step - 1}",
                cause="the learning rate is too high for these sounds",
                way_out="train again with --anew and another --seed; if it happens again, report it with events.jsonl",
            )

    def _report(self, step: int, total: int, seconds_per_step: float) -> None:
        recent = self.losses[-max(1, total // 100) :]
        self.on_event(Metric(name="loss", value=sum(recent) / len(recent), step=step))
        left = (total - step) * seconds_per_step
        self.on_event(Progress(stage="training", done=step, total=total, unit="steps", seconds_left=left))
        self._note_time(step)
        self._save_state()

    def _note_time(self, step: int) -> None:
        self.state.step, self.state.seconds = step, self.clocks.seconds
        self.state.cpu_seconds = self.clocks.cpu_seconds
        self.state.changes = list(self.changes)

    def _judge(self, length: float) -> float | None:
        if self.held_out is None:
            return None
        with self._averaged(length):
            return held_out_loss(self.model, self.held_out, seed=self.plan.seed)

    def _judge_on_the_way(self, step: int) -> None:
        """Held-out loss of the averaged weights, which are kept as a candidate when fine-tuning."""
        loss = self._judge(MIDDLE)
        if loss is None:
            return
        self.on_event(Metric(name="loss_held_out", value=loss, step=step))
        self.judged.append((step, loss))
        if self.accelerator.is_main_process and (self.settings.patience or self.choose):
            self.on_the_way.keep(self.averages.tensors[MIDDLE], step=step, held_out=loss)

    def _preview(self, step: int) -> None:
        if self.on_preview and self.accelerator.is_main_process:
            with self._averaged(MIDDLE):
                here = self.accelerator.device.type == "cpu"  # sounds are made on the processor, as they will be later
                self.on_preview(self.model if here else copy.deepcopy(self.model).cpu(), step)

    @contextmanager
    def _averaged(self, length: float) -> Iterator[None]:
        self.averages.swap(self.model, length=length)
        self.model.eval()
        try:
            yield
        finally:
            self.averages.swap(self.model, length=length)
            self.model.train()

    def _save(self, step: int) -> None:
        if self.accelerator.is_main_process:
            facts = {**self.keys, "step": step, "cpu_seconds": self.clocks.cpu_seconds, "judged": self.judged}
            facts |= {"changes": [one.model_dump() for one in self.changes], "control": self.control.model_dump()}
            save_checkpoint(
                self.checkpoint,
                model=self.model,
                averages=self.averages,
                optimisers=self.stepper.optimisers,
                facts=facts,
            )

    def _save_state(self) -> None:
        if self.accelerator.is_main_process:
            self.run.save(self.state)

    def _must_stop(self, interrupted: threading.Event, step: int) -> bool:
        wanted, spent = interrupted.is_set() or self.control.stop or self.run.cancelled(), self._spent()
        if not self.processes.alone:
            wanted, spent = (step % AGREE_EVERY == 0 and self.processes.any(one) for one in (wanted, spent))
        self.end = "stopped" if wanted else "spent" if spent else "patience" if self._out_of_patience() else "done"
        return self.end != "done"

    def _spent(self) -> bool:
        allowed = self.plan.budget.cpu_seconds
        return allowed is not None and self.clocks.cpu_seconds > CPU_SHARE * allowed - self.plan.reserve_s

    def _out_of_patience(self) -> bool:
        patience = self.settings.patience
        if not patience or len(self.judged) <= patience:
            return False
        losses = [loss for _, loss in self.judged]
        return min(losses[-patience:]) >= min(losses[:-patience])

    # -- after the loop

    def _finish(self, step: int, total: int) -> TrainedModel:
        self.accelerator.wait_for_everyone()
        candidates = self._candidates(step)
        self.model.cpu()
        self.model.eval()
        number = self.choose(candidates) if self.choose else None
        if number is None:
            number = usual(candidates, early=self.settings.patience > 0)
        chosen = candidates[number]
        chosen.into(self.model)
        if self.settings.adapt == "low-rank" and self.base:
            merge_low_rank(self.model)
        if chosen.held_out is not None:
            self.on_event(Metric(name="loss_held_out", value=chosen.held_out, step=step))
        if self.on_preview and self.accelerator.is_main_process:
            self.on_preview(self.model, step)
        return self._trained(chosen, step, total)

    def _candidates(self, step: int) -> list[Candidate]:
        """The averages as they stand now, in the order of their lengths, then what was kept on the way."""
        finals = [
            Candidate(
                name=f"the last {length:.0%}",
                step=step,
                length=length,
                held_out=self._judge(length),
                final=True,
                tensors=lambda length=length: self.averages.tensors[length],
            )
            for length in LENGTHS
        ]
        return finals + self.on_the_way.candidates(length=MIDDLE, before=step)

    def _trained(self, chosen: Candidate, step: int, total: int) -> TrainedModel:
        curve = self.run.metrics("loss")
        first = curve[0][1] if curve else (self.losses[0] if self.losses else float("nan"))
        last = curve[-1][1] if curve else (self.losses[-1] if self.losses else float("nan"))
        end = self.end if step < total else "done"
        self.state.status = "stopped" if end == "stopped" else "done"
        self._note_time(step)
        self.state.text = verdict(first, last, chosen.held_out, end=end, step=step, total=total, based=bool(self.base))
        self._save_state()
        self.run.clear_cancel()
        return TrainedModel(
            model=self.model,
            steps=step,
            planned_steps=total,
            seconds=self.state.seconds,
            stopped_early=end == "stopped",
            loss_first=first,
            loss_last=last,
            loss_held_out=chosen.held_out,
            verdict=self.state.text,
            device=self.accelerator.device.type,
            cpu_seconds=self.state.cpu_seconds,
            chosen=chosen.name,
            changes=tuple(self.changes),
        )
