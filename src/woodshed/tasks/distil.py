"""Distil: a model that needs few steps, taught by another one's own sounds; no sound of the library is read."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from woodshed.artifacts.card import ModelCard, Teacher, TrainingFacts
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.receipt import now_text
from woodshed.artifacts.standing import require_standing
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import HandshakeError, UsageError
from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.knobs import Knob, KnobTable
from woodshed.base.seeds import derive_seed
from woodshed.base.version import __version__
from woodshed.roles import Distils, Features
from woodshed.tasks._training_card import training_facts
from woodshed.training import Budget, Run, RunSettings, RunState, TrainedModel, TrainingPlan, parse_budget, train

KNOBS = KnobTable(
    task="distil",
    knobs=(
        Knob(name="budget", kind="text", default="2m-cpu", help="how long, like 2m, 2m-cpu (processor time), 500steps"),
        Knob(name="steps", kind="int", low=1, high=16, default=4, help="solver steps of the new model"),
        Knob(
            name="pairs",
            kind="int",
            low=8,
            high=100_000,
            default=None,
            help="sounds the teacher draws; without it what a third of the budget buys, from 500 to 4000",
        ),
        Knob(
            name="rate", kind="float", low=0.01, high=4, default=0.4, help="learning rate, as a share of the teacher's"
        ),
        Knob(name="seed", kind="int", low=0, high=2**31 - 1, default=0, help="the same seed gives the same pairs"),
    ),
)
REFERENCES = (
    "Liu et al. 2023, Flow straight and fast: learning to generate and transfer data with rectified flow, "
    "arXiv:2209.03003",
    "Meng et al. 2023, On distillation of guided diffusion models, arXiv:2210.03142",
)

_SHARE = 1 / 3  # of a budget of time that drawing the pairs may take
_FEWEST, _MOST, _USUAL = 500, 4000, 2000
_TRIED = 16  # pairs drawn to find out how long one takes
_JUDGING = 0.06  # share of the pairs that the student is judged on and does not learn from


@dataclass(frozen=True)
class DistillingOrder:
    """What the new model shall be called, and the positions of the knobs."""

    name: str
    budget: str = "2m-cpu"
    steps: int = 4
    pairs: int | None = None
    rate: float = 0.4
    seed: int = 0


@dataclass(frozen=True)
class DistillingReport:
    """What came of it: where the model lies, its card, how many pairs taught it."""

    path: Path
    card: ModelCard
    pairs: int
    verdict: str
    run: Path


def distil_model(
    bench: Workbench, loaded: LoadedModel, order: DistillingOrder, *, on_event: EventSink = ignore
) -> DistillingReport:
    """Teach a model of the same family and size from pairs of noise and end that the teacher's solver gives.

    Raises
    ------
    ConsentRefused
        If a training grant of the teacher was withdrawn.
    HandshakeError
        If models of this family cannot teach.
    UsageError
        If another model has that name.
    """
    teacher, budget = _teacher(bench, loaded, order), parse_budget(order.budget)
    run = _fresh_run(bench, order)
    began, cpu_began = time.monotonic(), time.process_time()
    count = order.pairs or affordable_pairs(teacher, budget, seed=order.seed)
    on_event(Note(text=f"{loaded.card.name} draws {count} pairs of noise and sound, and reads no sound of the library"))
    learned, judged = _split(teacher.own_pairs(count, seed=derive_seed(order.seed, "own pairs")), seed=order.seed)
    spent, cpu_spent = time.monotonic() - began, time.process_time() - cpu_began
    settings = RunSettings(learning_rate_factor=order.rate)
    plan = TrainingPlan(_left(budget, spent, cpu_spent), seed=order.seed, augment=False, settings=settings)
    student = teacher.student(steps=order.steps)
    trained = train(student, learned, plan=plan, run=run, held_out=judged, count=len(learned), on_event=on_event)
    trained = replace(trained, seconds=trained.seconds + spent, cpu_seconds=trained.cpu_seconds + cpu_spent)
    card = distilled_card(
        loaded, order, trained, pairs=count, settings=settings, ledger_head=bench.library.ledger.head()
    )
    path = bench.shelf.put(order.name, trained.model, card)
    return DistillingReport(path, card, count, trained.verdict, run.folder)


def affordable_pairs(model: Distils, budget: Budget, *, seed: int) -> int:
    """How many pairs a third of the budget buys, within limits; some are drawn to find out, and thrown away."""
    if budget.steps is not None:
        return _USUAL
    clock = time.monotonic if budget.cpu_seconds is None else time.process_time
    began = clock()
    model.own_pairs(_TRIED, seed=derive_seed(seed, "trial pairs"))
    each_s = max(1e-6, (clock() - began) / _TRIED)
    return min(_MOST, max(_FEWEST, int(_SHARE * budget.timed_s / each_s)))


def distilled_card(
    loaded: LoadedModel,
    order: DistillingOrder,
    trained: TrainedModel,
    *,
    pairs: int,
    settings: RunSettings,
    ledger_head: str,
) -> ModelCard:
    """The teacher's papers (sounds, owners, credits, base) with the new model's own training and no report yet."""
    teacher = loaded.card
    return teacher.model_copy(
        update={
            "name": order.name,
            "config": trained.model.config.model_dump(mode="json"),
            "made_at": now_text(),
            "woodshed_version": __version__,
            "ledger_head": ledger_head,
            "training": _facts(loaded, order, trained, pairs=pairs, settings=settings),
            "report": None,
            "references": tuple(dict.fromkeys((*teacher.references, *REFERENCES))),
            "teacher": Teacher(name=teacher.name, digest=loaded.digest, pairs=pairs),
        }
    )


def _facts(
    loaded: LoadedModel, order: DistillingOrder, trained: TrainedModel, *, pairs: int, settings: RunSettings
) -> TrainingFacts:
    before = loaded.card.training
    values = {**asdict(order), "pairs": pairs, **settings.model_dump()}
    return training_facts(
        trained,
        preset=before.preset if before else "",
        seed=order.seed,
        budget=order.budget,
        query=before.query if before else "all",
        settings=values,
        settings_from=dict.fromkeys(values, "distil"),
    )


def _teacher(bench: Workbench, loaded: LoadedModel, order: DistillingOrder) -> Distils:
    """The model that teaches, if it can, may, and would not be written over."""
    if not isinstance(loaded.model, Distils):
        raise HandshakeError(
            f"{loaded.card.name} is a {loaded.card.family}, which cannot teach another model",
            cause="its family does not draw pairs from itself",
            way_out="distil a band-flow; for this one fewer --steps when generating are all there is",
        )
    require_standing(loaded.card, bench.library)
    if bench.shelf.path(order.name).exists():
        raise UsageError(
            f"There is a model {order.name!r} already", cause="it would be replaced", way_out="choose another --name"
        )
    return loaded.model


def _fresh_run(bench: Workbench, order: DistillingOrder) -> Run:
    """The run's folder, without what an earlier run of that name left; a training that can go on is not touched."""
    run = Run(bench.runs / bench.shelf.path(order.name).stem)
    run.require_free()
    if (run.folder / "order.json").is_file():  # a training lies there, and only that can go on
        run.require_over(way_out=f"choose another --name, or go on with it: woodshed train {order.name} --resume")
    run.clear()
    run.save(RunState(settings=asdict(order)))
    return run


def _split(pairs: Features, *, seed: int) -> tuple[Features, Features]:
    """Pairs to learn from, and a few to be judged on."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "judged pairs"))
    order = torch.randperm(len(pairs), generator=generator)
    judged = max(1, round(_JUDGING * len(pairs)))
    return Features(pairs.batch(order[judged:])), Features(pairs.batch(order[:judged]))


def _left(budget: Budget, seconds: float, cpu_seconds: float) -> Budget:
    """What drawing left of a budget; a tenth of it at least."""
    if budget.seconds is not None:
        return Budget(seconds=max(0.1 * budget.seconds, budget.seconds - seconds))
    if budget.cpu_seconds is not None:
        return Budget(cpu_seconds=max(0.1 * budget.cpu_seconds, budget.cpu_seconds - cpu_seconds))
    return budget
