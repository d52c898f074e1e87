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

import numpy as np

from benchmarks._generation_sides import HEARD_S, Figures, Yardstick, faults_text, kept_side, side_of, table_text
from woodshed.artifacts import ModelCard
from woodshed.artifacts.model_file import load_model, read_card
from woodshed.base.seeds import derive_seed
from woodshed.library import Purpose
from woodshed.metrics import REFERENCES, SoundSet, asked_classes
from woodshed.roles import Generator, LenderPool, Request
from woodshed.sound import Sound, read_sound
from woodshed.workspace import Workspace

BATCH = 16


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


def made_sounds(
    model: Generator,
    classes: tuple[str, ...],
    *,
    lenders: LenderPool,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
) -> SoundSet:
    """One sound per class name, as the model makes it, before any finishing."""
    requests = [
        Request(seed=derive_seed(seed, "generation", place) % 2**62, class_name=name)
        for place, name in enumerate(classes)
    ]
    sounds: list[Sound] = []
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        sounds += [one.sound for one in model.generate(batch, lenders=lenders, steps=steps, guidance=guidance)]
    return SoundSet(tuple(sounds), classes, names=tuple(f"made {place}" for place in range(len(sounds))))


def sounds_from(path: Path, *, rate_hz: int) -> SoundSet:
    """Sounds made elsewhere: an .npz file or a folder of ``CLASS_anything.wav``."""
    if path.is_dir():
        files = sorted(path.glob("*.wav"))
        sounds = [read_sound(file).resampled(rate_hz) for file in files]
        return SoundSet(tuple(sounds), tuple(file.stem.split("_")[0] for file in files))
    with np.load(path, allow_pickle=False) as kept:
        rate = int(kept["rate"]) if "rate" in kept else rate_hz
        sounds = [Sound(one[:, :frames], rate) for one, frames in zip(kept["audio"], kept["frames"], strict=True)]
        return SoundSet(tuple(sounds), tuple(str(name) for name in kept["classes"]))


def save_sounds(path: Path, sounds: SoundSet) -> None:
    """Keep made sounds as ``sounds_from`` reads them."""
    frames = np.array([sound.frames for sound in sounds.sounds])
    channels = max(sound.channels for sound in sounds.sounds)
    audio = np.zeros((len(sounds), channels, frames.max()), np.float32)
    for row, sound in zip(audio, sounds.sounds, strict=True):
        row[:, : sound.frames] = sound.data
    np.savez(path, audio=audio, frames=frames, classes=np.array(sounds.class_names), rate=sounds.sample_rate_hz)


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
        settings = {"steps": options.steps, "guidance": options.guidance}
        made = made_sounds(loaded.model, classes, lenders=lenders, seed=options.seed, **settings)
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
    parser.add_argument("--borrow", default="own")
    parser.add_argument("--references", action="store_true", help="the rows that need no model beside it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
