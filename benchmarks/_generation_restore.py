"""How well `restore` gives back what was taken from real sounds that no model has heard: three rows for every fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from scipy.interpolate import CubicSpline

from benchmarks._report import Check, at_least, at_most, progress
from woodshed.base.seeds import derive_seed
from woodshed.dsp import declipped, find_clipping, find_faults
from woodshed.library import Item
from woodshed.nn import EnvelopeSplitter, with_plain_top, without_holes
from woodshed.roles import Restores
from woodshed.sound import Sound
from woodshed.workspace import Workspace

RATE_HZ = 44100
LONGEST_S = 3.0
RATES_HZ = (8000, 11025, 16000, 22050)
CLIPS = (0.8, 0.5, 0.25)
_TOP_SHARE = 0.95
_TOP_HZ = 18000.0
_BLOCK = 4  # steps
_FLOOR_DB = -70.0
_LEAST_TOP_DB = -55.0  # a sound whose top is quieter has nothing to give back

Floats = npt.NDArray[np.float32]
Mender = Callable[[Sound, float, int], Sound]


@dataclass(frozen=True)
class TopFigures:
    """Of one row: log-spectral distance, error of the top's energy, and what changed below the cutoff, all in dB."""

    distance_db: float
    energy_error_db: float
    below_db: float


def restore_checks(workspace: Workspace, data: Path, full: bool) -> list[Check]:
    """Everything, on sounds of groups that taught no model of the workspace; ``data`` is where its library lies."""
    del data
    sounds = unheard(workspace, most=120 if full else 60)
    progress(f"restore: {len(sounds)} unheard sounds")
    found = _clip_checks(sounds[:: 1 if full else 2])
    found += _top_checks(sounds, rows_of(workspace))
    return found + _codec_checks(sounds[:: 2 if full else 3], rows_of(workspace))


def unheard(workspace: Workspace, *, most: int) -> list[Sound]:
    """One-shots, notes and loops at 44.1 kHz of groups that taught no model, as evenly by kind as there are."""
    library = workspace.library
    models = workspace.models  # own ones only: those that ship were taught by all of the corpus
    taught = {source.content_id for name in models.names() for source in models.card(name).sources}
    items = library.items("all")
    known = {item.group for item in items if item.content_id in taught}
    free = [item for item in items if item.group not in known and item.channels <= 2]
    kinds: dict[str, list[Item]] = {}
    for place in np.random.default_rng(derive_seed(0, "unheard")).permutation(len(free)):
        if free[place].sample_rate_hz == RATE_HZ:
            kinds.setdefault(free[place].kind, []).append(free[place])
    queues = [kinds[kind] for kind in ("oneshot", "note", "loop") if kind in kinds]
    sounds: list[Sound] = []
    while len(sounds) < most and any(queues):
        for queue in queues:
            if queue and len(sounds) < most:
                sounds.append(library.sound(queue.pop()).section(0, round(LONGEST_S * RATE_HZ)))
    return [sound for sound in sounds if sound.frames > 2048 and sound.peak > 1e-3]


def rows_of(workspace: Workspace) -> dict[str, Mender]:
    """Do nothing, the classical method, and every way of the first model that restores."""
    rows: dict[str, Mender] = {
        "do nothing": lambda sound, _cutoff_hz, _seed: sound,
        "plain": lambda sound, cutoff_hz, seed: Sound(
            with_plain_top(sound.data, sample_rate_hz=RATE_HZ, cutoff_hz=cutoff_hz, seed=seed), RATE_HZ
        ),
    }
    for name in workspace.models.names():
        model = workspace.models.load(name).model
        if isinstance(model, Restores) and model.spec.sample_rate_hz == RATE_HZ:
            for how, drawn in (("likely", False), ("drawn", True)):
                rows[f"model, {how}"] = _with_model(model, drawn=drawn)
            break
    return rows


def lowered(sound: Sound, rate_hz: int) -> Sound:
    """The sound through a low rate and back, as long as before."""
    back = sound.resampled(rate_hz).resampled(sound.sample_rate_hz).data
    return Sound(np.pad(back, ((0, 0), (0, max(0, sound.frames - back.shape[1]))))[:, : sound.frames], RATE_HZ)


def top_figures(made: Sound, real: Sound, faulty: Sound, *, cutoff_hz: float) -> TopFigures:
    """How far a restored sound is from the real one above a cutoff, and from the faulty one below it."""
    bands = slice(None)
    levels = [_levels_db(sound, real, above_hz=cutoff_hz)[bands] for sound in (made, real)]
    distance = float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))
    energies = [_energy_db(sound.data, low_hz=cutoff_hz, high_hz=_TOP_HZ) for sound in (made, real)]
    whole = _energy_db(real.data, low_hz=0, high_hz=RATE_HZ)
    energies = [max(energy, whole + _FLOOR_DB) for energy in energies]
    changed = _energy_db(made.data - faulty.data, low_hz=0, high_hz=0.95 * cutoff_hz)
    return TopFigures(distance, abs(energies[0] - energies[1]), changed - whole)


def _with_model(model: Restores, *, drawn: bool) -> Mender:
    def mend(sound: Sound, cutoff_hz: float, seed: int) -> Sound:
        return model.restore_top(sound, cutoff_hz=cutoff_hz, seed=seed, drawn=drawn).sound

    return mend


def _top_checks(sounds: list[Sound], rows: dict[str, Mender]) -> list[Check]:
    figures: dict[str, list[TopFigures]] = {name: [] for name in rows}
    for number, real in enumerate(sounds):
        rate_hz = RATES_HZ[number % len(RATES_HZ)]
        cutoff_hz = _TOP_SHARE * rate_hz / 2
        if not _has_top(real, cutoff_hz):
            continue
        faulty = lowered(real, rate_hz)
        for name, mend in rows.items():
            figures[name].append(top_figures(mend(faulty, cutoff_hz, number), real, faulty, cutoff_hz=cutoff_hz))
    return _row_checks("low rate", figures)


def _codec_checks(sounds: list[Sound], rows: dict[str, Mender]) -> list[Check]:
    """Real MP3 at about 16 kHz of band; the codec's delay is taken out by libsndfile."""
    figures: dict[str, list[TopFigures]] = {name: [] for name in rows}
    found = 0
    for number, real in enumerate(sounds):
        faulty = squeezed(real)
        cutoff_hz = find_faults(faulty.data, RATE_HZ).cutoff_hz
        if cutoff_hz is None or not _has_top(real, cutoff_hz):
            continue
        found += 1
        filled = Sound(without_holes(faulty.data, sample_rate_hz=RATE_HZ, seed=number), RATE_HZ)
        for name, mend in rows.items():
            start = faulty if name == "do nothing" else filled
            figures[name].append(top_figures(mend(start, cutoff_hz, number), real, start, cutoff_hz=cutoff_hz))
    progress(f"lossy: an edge was found in {found} of {len(sounds)} MP3s")
    return _row_checks("lossy", figures) if found else []


def squeezed(sound: Sound) -> Sound:
    """The sound through MP3 at a low bit rate and back, as long as before."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", RATE_HZ, sound.channels, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.8
    ) as file:
        file.write(sound.data.T)
    buffer.seek(0)
    data = soundfile.read(buffer, dtype="float32", always_2d=True)[0].T
    return Sound(np.pad(data, ((0, 0), (0, max(0, sound.frames - data.shape[1]))))[:, : sound.frames], RATE_HZ)


def _row_checks(fault: str, figures: dict[str, list[TopFigures]]) -> list[Check]:
    checks = []
    nothing = figures["do nothing"]
    for name, some in figures.items():
        distance = float(np.mean([one.distance_db for one in some]))
        error = float(np.median([one.energy_error_db for one in some]))
        below = max(one.below_db for one in some)
        progress(
            f"{fault} (n {len(some)}): {name}: distance {distance:.1f} dB, energy {error:.1f} dB, below {below:.0f} dB"
        )
        if name != "do nothing":
            limit = float(np.mean([one.distance_db for one in nothing]))
            checks.append(at_most(f"{fault}: {name}: log-spectral distance of the top in dB", distance, limit))
            checks.append(at_most(f"{fault}: {name}: error of the top's energy in dB, median", error, 10.0))
            checks.append(at_most(f"{fault}: {name}: change below the cutoff in dB, worst", below, -60.0))
    return checks


def _clip_checks(sounds: list[Sound]) -> list[Check]:
    checks = []
    for share in CLIPS:
        gains: dict[str, list[float]] = {"cubic": [], "restore": []}
        exact = True
        for real in sounds:
            faulty = np.clip(real.data, -share * real.peak, share * real.peak)
            clipping = find_clipping(faulty)
            if not clipping.found:
                continue
            made = declipped(faulty, clipping)
            clipped = clipping.high | clipping.low
            exact &= bool(np.array_equal(made[~clipped], faulty[~clipped]))
            before = _distortion_db(faulty, real.data)
            gains["cubic"].append(_distortion_db(_cubic(faulty, clipped), real.data) - before)
            gains["restore"].append(_distortion_db(made, real.data) - before)
        for name, some in gains.items():
            worse = float(np.mean(np.array(some) < -0.1))
            told = f"{np.mean(some):+.1f} dB, worse in {worse:.0%}, worst {min(some):+.1f} dB"
            progress(f"clipped at {share} (n {len(some)}): {name}: {told}")
        checks.append(
            at_least(f"clipped at {share} of the peak: gain in dB, mean", float(np.mean(gains["restore"])), 1.0)
        )
        checks.append(at_least(f"clipped at {share} of the peak: other frames untouched", float(exact), 1.0))
    return checks


def _cubic(data: Floats, clipped: npt.NDArray[np.bool_]) -> Floats:
    """The usual quick repair: a cubic spline through the frames that are left."""
    made = data.copy()
    for row, lost in zip(made, clipped, strict=True):
        left = np.flatnonzero(~lost)
        if left.size > 4 and lost.any():
            row[lost] = np.clip(CubicSpline(left, row[left])(np.flatnonzero(lost)), -4, 4)
    return made


def _distortion_db(made: Floats, real: Floats) -> float:
    error = np.sum((made.astype(np.float64) - real) ** 2)
    return 10 * np.log10(np.sum(real.astype(np.float64) ** 2) / max(float(error), 1e-20))


def _has_top(real: Sound, cutoff_hz: float) -> bool:
    top = _energy_db(real.data, low_hz=1.1 * cutoff_hz, high_hz=_TOP_HZ)
    return top > _energy_db(real.data, low_hz=0, high_hz=RATE_HZ) + _LEAST_TOP_DB


def _levels_db(sound: Sound, like: Sound, *, above_hz: float) -> npt.NDArray[np.float64]:
    """Levels of bands above a frequency over blocks of 23 ms, floored 70 dB under the other's loudest band."""
    splitter = EnvelopeSplitter(sample_rate_hz=RATE_HZ, bands=40, token_steps=8, stereo=False, max_duration_s=1.0)
    hz = splitter.bands.centres_hz
    chosen = (hz > 1.1 * above_hz) & (hz < _TOP_HZ)
    powers = []
    for one in (sound, like):
        split = splitter.split(torch.from_numpy(one.mono().data.copy()))
        power = split.spectra[0].abs().square() @ splitter.bands.gathering
        steps = len(power) // _BLOCK * _BLOCK
        powers.append(power[:steps].reshape(-1, _BLOCK, power.shape[1]).mean(1).double().numpy())
    floor = powers[1].max() * 10 ** (_FLOOR_DB / 10)
    return 10 * np.log10(powers[0][:, chosen.numpy()] + floor)


def _energy_db(data: Floats, *, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(data.astype(np.float64), axis=1)) ** 2
    hz = np.fft.rfftfreq(data.shape[1], 1 / RATE_HZ)
    return float(10 * np.log10(power[:, (hz >= low_hz) & (hz < high_hz)].sum() + 1e-20))
