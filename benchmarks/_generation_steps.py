"""Quality against solver steps, before and after a model was distilled from its own sounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks._generation_stages import Stage, made_by, requests_for, save_sounds, sounds_from
from benchmarks._report import Check, Table, at_most, progress
from woodshed.base.files import file_word
from woodshed.metrics import SPACES, SoundSet
from woodshed.roles import Generator, NoLenders

STEPS = (1, 2, 4, 8)
FEW_STEPS = 4
MORE = 1.0  # of kernel distance, x 1000


@dataclass(frozen=True)
class StepsRow:
    """One model at so many steps: its kernel distance in each space, and what a sound costs in processor seconds."""

    name: str
    steps: int
    kernels: dict[str, float]
    seconds: float

    @property
    def cells(self) -> list[str]:
        """As a line of the table."""
        figures = [f"{self.kernels[space]:.2f}" for space in SPACES]
        return [self.name, str(self.steps), *figures, f"{1000 * self.seconds:.0f}"]


def steps_checks(
    stage: Stage, *, budget: str = "2m-cpu", steps: Sequence[int] = STEPS, pairs: int | None = None
) -> tuple[list[Check], list[Table]]:
    """Distil the stage's model and compare both at a few steps; nothing is borrowed."""
    full_steps = int(str(stage.card.config["steps"]))
    student = distilled(stage, budget=budget, pairs=pairs)
    models = {"teacher": stage.model, "distilled": student}
    rows = {
        (name, count): steps_row(stage, model, name=name, steps=count)
        for name, model in models.items()
        for count in step_counts(steps, full=full_steps if name == "teacher" else FEW_STEPS)
    }
    full = rows["teacher", full_steps]
    checks = []
    for name in models:
        more = max(rows[name, FEW_STEPS].kernels[space] - full.kernels[space] for space in SPACES)
        called = f"speed: kernel distance at {FEW_STEPS} steps over full quality, {name} (n {len(stage.asked)})"
        checks.append(at_most(called, more, MORE))
    columns = ["model", "steps", *(f"kernel distance x1000, {space}" for space in SPACES), "ms a sound"]
    caption = f"Quality against steps; full quality is the teacher at {full_steps}; {budget} of distilling"
    return checks, [Table(caption, columns, [row.cells for row in rows.values()])]


def step_counts(steps: Sequence[int], *, full: int) -> list[int]:
    """The counts to measure, each once."""
    return sorted({*steps, FEW_STEPS, full})


def distilled(stage: Stage, *, budget: str, pairs: int | None = None) -> Generator:
    """The model that learned from the stage's own, made once and kept."""
    teacher, name = stage.loaded, f"{stage.order.name}-{file_word(budget)}"
    if name not in stage.workspace.models.names():
        report = stage.workspace.distil(teacher.card.name, name=name, budget=budget, pairs=pairs, seed=stage.order.seed)
        progress(f"{name}: {report.pairs} pairs; {report.verdict}")
    model = stage.workspace.models.load(name).model
    assert isinstance(model, Generator)
    return model


def steps_row(stage: Stage, model: Generator, *, name: str, steps: int) -> StepsRow:
    """The sounds a model makes in so many steps, from the same requests as all others; made once and kept."""
    kept = stage.folder / f"few-{file_word(name)}-{steps}.npz"
    if not kept.is_file():
        save_sounds(kept, made_by(model, requests_for(stage.asked, seed=stage.order.seed), steps=steps))
    made: SoundSet = sounds_from(kept, rate_hz=stage.card.sample_rate_hz)
    found = stage.yardstick.kernels(stage.side(made, name=f"few-{name}-{steps}"), statistics=0)
    row = StepsRow(
        name, steps, {space: found[space].value for space in SPACES}, seconds_each(stage, model, steps=steps)
    )
    progress("  ".join(row.cells))
    return row


def seconds_each(stage: Stage, model: Generator, *, steps: int, count: int = 16) -> float:
    """Processor seconds of one sound among several."""
    requests = requests_for(stage.asked, seed=stage.order.seed + 1)[:count]
    model.generate(requests[:4], lenders=NoLenders(), steps=steps)  # what is set up once is not counted
    began = time.process_time()
    model.generate(requests, lenders=NoLenders(), steps=steps)
    return (time.process_time() - began) / len(requests)
