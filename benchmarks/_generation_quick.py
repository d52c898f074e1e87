"""One table row about a generator in about a minute of one core: for trying things out, not for the record.

    python -m benchmarks._generation_quick --model MODEL.safetensors --workspace W --cache DIR [--count 512]

makes ``--count`` sounds (the classes in the proportions of the training sounds, at least 16 each) and prints one row.
The model's card names its training sounds and the held-out ones; they are read from the workspace's library, and what
is measured of them is kept in ``--cache``. Sounds that were made elsewhere are judged instead with ``--made FILE.npz``
(``audio`` (sounds, channels, frames), ``frames`` (sounds,) their lengths, ``classes`` (sounds,) names, optionally
``rate``) or ``--made FOLDER`` of files ``CLASS_anything.wav``; the model file then only names the real sounds.
``--references`` adds the rows that need no model (kept in the cache; minutes the first time). From Python::

    yardstick = yardstick_of(training, held_out, cache=Path("cache"))     # two SoundSets
    print(table_text([yardstick.figures("mine", side_of(made), sounds=made)]))

Columns: kernel distance x 1000 by descriptors and by spectral features, recall and coverage (k = 5) in both, median
distance to the nearest training sound (unseen real kits 1), balanced accuracy of the two judges trained afresh, then
medians over classes of the gaps in high band, decay, tail, attack and energy before the onset, how many gaps of single
classes lie beyond that class's own kits, and how many sounds pass hygiene.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks._generation_sides import HEARD_S, Figures, Yardstick, faults_text, kept_side, side_of, table_text
from benchmarks._generation_stages import made_by, requests_for, save_sounds, sounds_from
from woodshed.artifacts import ModelCard
from woodshed.artifacts.model_file import load_model, read_card
from woodshed.base.seeds import derive_seed
from woodshed.library import Purpose
from woodshed.metrics import REFERENCES, SoundSet, asked_classes
from woodshed.roles import Generator
from woodshed.workspace import Workspace


def real_sounds(workspace: Workspace, card: ModelCard) -> tuple[SoundSet, SoundSet]:
    """The training sounds of a model and those held out from it, at its rate and channels."""
    sides = []
    for content_ids in ([source.content_id for source in card.sources], list(card.held_out)):
        chosen = workspace.library.training_set(
            "all", purpose=Purpose(card.purpose), sample_rate_hz=card.sample_rate_hz, channels=card.channels
        ).subset(content_ids)
        heard = list(chosen)
        sides.append(
            SoundSet(
                tuple(one.sound for one in heard),
                tuple(one.item.class_name or "" for one in heard),
                tuple(one.item.group for one in heard),
                tuple(one.item.content_id for one in heard),
            )
        )
    return sides[0], sides[1]


def yardstick_of(training: SoundSet, held_out: SoundSet, *, cache: Path, seed: int = 0) -> Yardstick:
    """The real sides, measured once and kept in the folder."""
    return Yardstick(
        kept_side(training, cache, name="training"), kept_side(held_out, cache, name="held-out"), seed=seed
    )


def reference_rows(yardstick: Yardstick, training: SoundSet, classes: tuple[str, ...], *, cache: Path) -> list[Figures]:
    """The rows that need no model, and unseen real kits."""
    rows = []
    for name, make in REFERENCES.items():
        sounds = make(training, like=classes, seed=derive_seed(1, "reference", name))
        side = kept_side(sounds, cache, name=name.replace(" ", "-"))
        rows.append(yardstick.figures(name, side, sounds=sounds))
    unseen = yardstick.held_out.of_classes(classes)
    return [*rows, yardstick.figures("real, held out", unseen)]


def main() -> int:
    """Make or read the sounds, print the row."""
    options = _parser().parse_args()
    began = time.process_time()
    workspace, card = Workspace(options.workspace), read_card(options.model)
    training, held_out = real_sounds(workspace, card)
    yardstick = yardstick_of(training, held_out, cache=options.cache, seed=options.seed)
    classes = asked_classes(training.class_names, count=options.count)
    rows = reference_rows(yardstick, training, classes, cache=options.cache) if options.references else []
    if options.made:
        made = sounds_from(options.made, rate_hz=card.sample_rate_hz)
    else:
        loaded = load_model(options.model)
        assert isinstance(loaded.model, Generator)
        lenders = workspace.lenders(loaded, borrow=options.borrow)
        requests = requests_for(classes, seed=options.seed)
        made = made_by(loaded.model, requests, lenders=lenders, steps=options.steps, guidance=options.guidance)
    if options.save:
        save_sounds(options.save, made)
    seconds = sum(sound.duration_s for sound in made.sounds)
    print(f"{len(made)} sounds, {seconds:.0f} s, real side {time.process_time() - began:.0f} s of processor time")
    row = yardstick.figures(options.name or options.model.stem, side_of(made, heard_s=HEARD_S), sounds=made)
    print(table_text([*rows, row]))
    print(faults_text(row))
    print(f"{time.process_time() - began:.0f} s of processor time")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks._generation_quick")
    parser.add_argument("--model", type=Path, required=True, help="model file; its card names the real sounds")
    parser.add_argument("--workspace", type=Path, required=True, help="where its library is")
    parser.add_argument("--cache", type=Path, required=True, help="folder for what is measured of real sounds")
    parser.add_argument("--made", type=Path, help="judge these sounds instead of making some")
    parser.add_argument("--save", type=Path, help="keep the made sounds in this .npz file")
    parser.add_argument("--name", default="", help="name of the row")
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--borrow", default="none")
    parser.add_argument("--references", action="store_true", help="the rows that need no model beside it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
