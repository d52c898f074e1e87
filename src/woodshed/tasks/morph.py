"""Morph: a grid of sounds between two, three or four corners, with one picture of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from woodshed.artifacts.delivery import Delivered, Product
from woodshed.artifacts.usual_knobs import RESAMPLE, SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.events import Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.roles import WAYS, BlendsMany
from woodshed.views import contact_sheet

SHEET_FILE = "morph.png"

KNOBS = KnobTable(
    task="morph",
    knobs=(
        Knob(name="rows", kind="int", low=2, high=32, default=4, help="from top to bottom; two sounds make one row"),
        Knob(name="columns", kind="int", low=2, high=32, default=4, help="from left to right"),
        Knob(
            name="way", kind="text", choices=WAYS, default="even", help="straight between shapes, or round their noise"
        ),
        SEED,
        RESAMPLE,
        STEPS,
    ),
)


def make(job: Job) -> Iterator[Product]:
    """Make the grid row by row; its corners are the sounds themselves."""
    model, sounds = job.model, [given.sound for given in job.sounds]
    assert isinstance(model, BlendsMany)
    columns, seed = job.whole("columns") or 2, job.whole("seed") or 0
    rows = 1 if len(sounds) == 2 else job.whole("rows") or 2
    first = Path(job.sounds[0].name).stem
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        made = model.blend_many(
            sounds,
            weights=corner_weights(len(sounds), across=column / (columns - 1), down=row / max(1, rows - 1)),
            way=job.word("way") or "even",
            seed=seed,
            lenders=job.lenders,
            steps=job.whole("steps"),
        )
        job.on_event(Progress(stage="morphing", done=number + 1, total=rows * columns, unit="sounds"))
        label = f"{first}_morph_r{row + 1:02d}c{column + 1:02d}"
        knobs = {**job.settings, "row": row + 1, "column": column + 1}
        yield Product(made, seed=seed, number=number + 1, inputs=job.inputs, knobs=knobs, label=label)


def corner_weights(corners: int, *, across: float, down: float) -> tuple[float, ...]:
    """Weights of the corners at a place: top left, top right, bottom left, bottom right; of three the last is below.

    Examples
    --------
    >>> corner_weights(4, across=0.5, down=0.0), corner_weights(3, across=0.25, down=1.0)
    ((0.5, 0.5, 0.0, 0.0), (0.0, 0.0, 1.0))
    """
    top = ((1 - down) * (1 - across), (1 - down) * across)
    if corners == 2:
        return 1 - across, across
    return (*top, down) if corners == 3 else (*top, down * (1 - across), down * across)


def draw_sheet(delivered: Sequence[Delivered], folder: Path) -> None:
    """One picture of the whole grid, as it lies."""
    columns = int(delivered[-1].receipt.knobs["column"] or 1)
    contact_sheet([(one.path.stem, one.sound) for one in delivered], folder / SHEET_FILE, columns=columns)


VERB = Verb(
    knobs=KNOBS,
    needs=(BlendsMany,),
    can="morph between sounds",
    make=make,
    template="{label}",
    least=2,
    most=4,
    close=draw_sheet,
    most_channels=2,
)
