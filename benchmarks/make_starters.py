"""Make the starter models that ship with Woodshed, from a corpus and the built-in kit.

    python -m benchmarks.make_starters --data DIR --out src/woodshed/starters --budget 20m-cpu [--only starter]

Each is trained in a workspace of its own under .bench-cache, on every sound of its kind whose line in the corpus's
manifest.csv says ``train_ok`` yes, and on a kit made from a seed. Nothing is held out: what ships is never scored on
the corpus that taught it. The same command goes on where it was cut off, as long as corpus,
code and options are the same. Weights stay float32: the format knows no other type for them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._corpus import cache_folder, folders_of_kind
from benchmarks._report import default_data, progress
from benchmarks._starter_papers import public_card, refuse_machine_words, require_small, write_credits
from woodshed.artifacts import LoadedModel, ModelCard, load_model, save_model
from woodshed.base.events import Event, Note
from woodshed.kit import make_kit
from woodshed.library import Item
from woodshed.roles import Generator, NoLenders, Request
from woodshed.training import parse_budget
from woodshed.workspace import TrainingOrder, Workspace

KIT_SEED = 7_340_226  # its own, so that a kit somebody makes for themselves is never one that taught a starter
_CUT_SHORT = 0.8  # a training that used less of its processor time than this was stopped by somebody


@dataclass(frozen=True)
class Starter:
    """One model that ships: its family, the kind of sounds it learns, how many of them the kit adds, and settings."""

    name: str
    family: str
    kind: str
    hits_per_class: int = 0
    loops: int = 0
    settings: Mapping[str, object] = field(default_factory=dict)


STARTERS = {
    one.name: one
    for one in (
        Starter("starter", "band-flow", "oneshot", hits_per_class=10, settings={"close": 0.2}),  # asked for what is new
        Starter("starter-loops", "loop-flow", "loop", loops=24),
    )
}


@dataclass(frozen=True)
class Making:
    """How the starters are made; all of them alike."""

    data: Path
    budget: str
    preset: str = "laptop"
    seed: int = 1
    held_out: float = 0.0


def make_starter(starter: Starter, making: Making, *, out: Path, work: Path | None = None) -> ModelCard:
    """Train one starter, or go on with it, and write its file. Returns its card.

    Raises
    ------
    SystemExit
        If nothing in the corpus may be learned from, somebody stopped the training, or the card names this machine.
    """
    parts = (starter, making.budget, making.preset, making.seed, making.held_out)
    workspace = Workspace((work or cache_folder("starters", making.data, *parts)) / "workspace")
    if not (workspace.folder / "filled").is_file():
        fill(workspace, starter, making.data)
        (workspace.folder / "filled").touch()
    loaded = _trained(workspace, starter, making)
    card = public_card(loaded.card)
    refuse_machine_words(card)
    path = out / f"{starter.name}.safetensors"
    save_model(path, loaded.model, card)
    tell_sounds(path)
    return card


def fill(workspace: Workspace, starter: Starter, data: Path) -> None:
    """Put the corpus's sounds of a kind and the kit's into a library, and leave out what nobody said yes to."""
    library = workspace.library
    for folder in folders_of_kind(data, starter.kind):
        report = library.add(folder, jobs=1)
        progress(f"library: {len(report.added)} added, {len(report.skipped)} skipped")
    unsaid = [item for item in library.items("all") if item.kind != starter.kind or not _says_yes(item)]
    for item in unsaid:
        library.remove(f"id:{item.content_id}")
    kit = workspace.folder / "kit"
    make_kit(
        kit, seed=KIT_SEED, count_per_class=starter.hits_per_class, loops=starter.loops, sample_rate_hz=44100, jobs=1
    )
    library.add(kit, owner="Woodshed starter kit", licence="CC0-1.0", jobs=1)
    progress(f"library: {len(library.items('all'))} sounds to learn from, {len(unsaid)} left out")


def tell_sounds(path: Path) -> None:
    """Load a file as a user would, make one sound of each class, and say which come out silent."""
    model = load_model(path).model
    assert isinstance(model, Generator)
    requests = [Request(seed=seed, class_name=name) for seed, name in enumerate(model.spec.classes)]
    made = model.generate(requests, lenders=NoLenders())
    silent = [one.class_name or "" for one in made if one.sound.peak < 1e-4]
    size_mb = path.stat().st_size / 1e6
    progress(f"{path.name}: {size_mb:.2f} MB, {len(made)} classes, silent: {', '.join(silent) or 'none'}")


def _says_yes(item: Item) -> bool:
    return item.tags.get("train_ok", "").strip().lower() == "yes"


def _trained(workspace: Workspace, starter: Starter, making: Making) -> LoadedModel:
    """The model: as it lies on the shelf, else trained from the last checkpoint on, else from the beginning."""
    if starter.name in workspace.models.names() and not _cut_short(workspace.models.card(starter.name)):
        return workspace.models.load(starter.name)
    order = TrainingOrder(
        name=starter.name,
        query=f"kind:{starter.kind}",
        family=starter.family,
        preset=making.preset,
        budget=making.budget,
        seed=making.seed,
        held_out=making.held_out,
        settings=starter.settings,
    )
    begun = (workspace.folder / "runs" / starter.name / "checkpoint.safetensors").is_file()
    progress(f"{starter.name}: {'goes on' if begun else 'begins'}, {making.budget}")
    report = workspace.train(order, resume=begun, on_event=_tell)
    progress(f"{starter.name}: {report.verdict}")
    if _cut_short(report.card):
        raise SystemExit(f"{starter.name} was stopped early; the same command goes on with it")
    return workspace.models.load(starter.name)


def _cut_short(card: ModelCard) -> bool:
    """Whether somebody stopped it; running out of processor time, as planned, is no such thing."""
    training = card.training
    if training is None or not training.stopped_early:
        return False
    wanted = parse_budget(training.budget).cpu_seconds
    return wanted is None or (training.cpu_seconds or 0.0) < _CUT_SHORT * wanted


def _tell(event: Event) -> None:
    if isinstance(event, Note):
        progress(event.text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, make the starters, and write who taught them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_starters", description="Make the starter models.")
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of real sounds with its manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="where the model files go")
    parser.add_argument("--budget", default="20m-cpu", help="how long each is trained: 20m-cpu, 30m, 5000steps")
    parser.add_argument("--preset", default="laptop", help="size of the models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", type=float, default=0.0, help="share of groups kept for choosing weights")
    parser.add_argument("--only", default=",".join(STARTERS), help=f"which, with commas between: {', '.join(STARTERS)}")
    parser.add_argument("--work", type=Path, help="where workspaces lie; under .bench-cache unless given")
    options = parser.parse_args(arguments)
    names = options.only.split(",")
    if unknown := set(names) - set(STARTERS):
        parser.error(f"there is no starter {', '.join(sorted(unknown))}")
    if not (options.data / "manifest.csv").is_file():
        parser.error("there is no such corpus; give a folder with a manifest.csv with --data DIR")
    making = Making(options.data, options.budget, options.preset, options.seed, options.held_out)
    for name in names:
        make_starter(STARTERS[name], making, out=options.out, work=options.work and options.work / name)
    progress(f"{require_small(options.out) / 1e6:.2f} MB together; who taught them: {write_credits(options.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
