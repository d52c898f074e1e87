"""Made sounds beside the training sounds they resemble most, as files to play."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.metrics import CopyCheck, SoundSet
from woodshed.sound import Sound, finish_sound, write_sound
from woodshed.tasks.evaluate.report import Pair

MOST_ALIKE = 12
DRAWN = 8
SOUNDS = "sounds"


def write_pairs(made: SoundSet, training: SoundSet, check: CopyCheck, *, folder: Path, seed: int) -> list[Pair]:
    """Write the made sounds that resemble a training sound most, and a few drawn at random, each with its match.

    Parameters
    ----------
    folder
        The sounds go into ``folder / "sounds"``; pairs name them relative to the folder.
    """
    likeness = check.nearest.likeness
    worst = np.argsort(-likeness)[:MOST_ALIKE]
    rest = np.setdiff1d(np.arange(len(made)), worst)
    drawn = np.random.default_rng(derive_seed(seed, "pairs")).permutation(rest)[:DRAWN]
    pairs = []
    for number, place in enumerate([*worst, *drawn], start=1):
        real = int(check.nearest.index[place])
        made_file, real_file = f"{SOUNDS}/{number:02d}_made.wav", f"{SOUNDS}/{number:02d}_real.wav"
        write_sound(folder / made_file, playable(made.sounds[place]))
        write_sound(folder / real_file, playable(training.sounds[real]))
        pairs.append(
            Pair(
                kind="most alike" if number <= len(worst) else "drawn",
                class_name=made.class_names[place],
                made_file=made_file,
                real_file=real_file,
                real_name=training.names[real],
                likeness=float(likeness[place]),
                cents=int(check.nearest.cents[place]),
                is_copy=bool(likeness[place] > check.threshold),
            )
        )
    return pairs


def playable(sound: Sound) -> Sound:
    """Finished like an output; what cannot be finished, such as silence, is held to full scale and kept."""
    data = np.nan_to_num(sound.data, posinf=1.0, neginf=-1.0)
    plain = Sound(data, sound.sample_rate_hz)
    return finish_sound(plain).sound if plain.peak > 1e-4 else plain
