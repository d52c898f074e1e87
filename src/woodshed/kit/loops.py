"""Loops: a groove from a seed, played by a kit, with its truth beside it (tempo, onsets, stems)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from woodshed.base.errors import UnknownName, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.kit.characters import Character, draw_character
from woodshed.kit.hits import make_hit
from woodshed.kit.recipe import Wave
from woodshed.kit.styles import STEPS, STROKES, STYLES, Style
from woodshed.sound.sound import Sound

_LEVEL_DB = {
    "kick": 0.0,
    "snare": -2.0,
    "clap": -4.0,
    "hat-closed": -12.0,
    "hat-open": -13.0,
    "cymbal": -11.0,
    "tom": -4.0,
    "rim": -8.0,
    "perc": -8.0,
    "shaker": -15.0,
    "cowbell": -13.0,
}
_PEAK = 0.89
_TAKES = 3


@dataclass(frozen=True)
class Stroke:
    """One stroke of a groove: which class, when (beats from the start, before humanising), how hard (0 to 1)."""

    class_name: str
    beat: float
    onset_s: float
    velocity: float


@dataclass(frozen=True)
class KitLoop:
    """A seamless loop and its truth.

    Parameters
    ----------
    sound
        The mix; the tails of the last bar ring on over the first.
    bpm, bars, style, swing
        What was played.
    onset_times_s
        Moment of every stroke in the sound, sorted.
    stems
        One sound for each class; their sum is the mix.
    pattern
        Every stroke, sorted by onset.
    """

    sound: Sound
    bpm: float
    bars: int
    style: str
    swing: float
    onset_times_s: tuple[float, ...]
    stems: dict[str, Sound]
    pattern: tuple[Stroke, ...]


def make_loop(
    *,
    seed: int,
    bpm: float | None = None,
    bars: int = 2,
    style: str | None = None,
    sample_rate_hz: int = 44100,
    character: Character | None = None,
    home_seed: int | None = None,
) -> KitLoop:
    """Make one loop.

    Parameters
    ----------
    seed
        The same seed gives the same groove and the same drums, at every rate.
    bpm
        Tempo; drawn from the style's usual range when left out.
    bars
        Bars of four-four, 1 to 64.
    style
        A name from ``STYLES``; drawn when left out.
    sample_rate_hz
        Rate of the sound. The length is ``bars * 240 / bpm`` seconds to the nearest frame.
    character
        Room and desk of the kit; drawn to suit the style when left out.
    home_seed
        The kit that plays, as in ``make_hit``; drawn when left out.

    Raises
    ------
    UnknownName
        If there is no such style.
    UsageError
        If bpm or bars cannot be played.

    Examples
    --------
    >>> loop = make_loop(seed=3, bpm=120, bars=1, style="house")
    >>> loop.sound.frames, loop.bpm, sorted(loop.stems)[:2]
    (88200, 120.0, ['clap', 'hat-open'])
    """
    chosen = _style(style, seed=seed)
    tempo = _tempo(bpm, bars, chosen, seed=seed)
    frames = round(bars * 240.0 / tempo * sample_rate_hz)
    rng = np.random.default_rng(derive_seed(seed, "feel"))
    swing = float(rng.uniform(*chosen.swing))
    pattern = _written(chosen, bars=bars, bpm=tempo, swing=swing, seed=seed)
    pattern = tuple(
        sorted((_on_grid(stroke, frames, sample_rate_hz) for stroke in pattern), key=lambda stroke: stroke.onset_s)
    )
    room = character or draw_character(seed=seed, flavour=chosen.flavour)
    home = derive_seed(seed, "kit") if home_seed is None else home_seed
    waves = {
        name: _played(pattern, name, frames=frames, sample_rate_hz=sample_rate_hz, character=room, home_seed=home)
        for name in dict.fromkeys(stroke.class_name for stroke in pattern)
    }
    return _mixed(waves, pattern, style=chosen.name, bpm=tempo, bars=bars, swing=swing, sample_rate_hz=sample_rate_hz)


def _mixed(
    waves: dict[str, Wave],
    pattern: tuple[Stroke, ...],
    *,
    style: str,
    bpm: float,
    bars: int,
    swing: float,
    sample_rate_hz: int,
) -> KitLoop:
    """Stems at one common gain, and their exact sum."""
    gain = _PEAK / max(float(np.max(np.abs(np.sum(list(waves.values()), axis=0)))), 1e-9)
    stems = {name: Sound(np.asarray(gain * wave, dtype=np.float32), sample_rate_hz) for name, wave in waves.items()}
    mix = np.sum(np.stack([stem.data for stem in stems.values()]), axis=0, dtype=np.float64)
    onsets = tuple(stroke.onset_s for stroke in pattern)
    return KitLoop(
        sound=Sound(np.asarray(mix, dtype=np.float32), sample_rate_hz),
        bpm=bpm,
        bars=bars,
        style=style,
        swing=swing,
        onset_times_s=onsets,
        stems=stems,
        pattern=pattern,
    )


def _style(name: str | None, *, seed: int) -> Style:
    if name is None:
        names = list(STYLES)
        return STYLES[names[int(np.random.default_rng(derive_seed(seed, "style")).integers(len(names)))]]
    if name not in STYLES:
        raise UnknownName("style", name, known=STYLES)
    return STYLES[name]


def _tempo(bpm: float | None, bars: int, style: Style, *, seed: int) -> float:
    if not 1 <= bars <= 64:
        raise UsageError(
            f"A loop of {bars} bars cannot be made",
            cause="loops are 1 to 64 bars long",
            way_out="ask for 1, 2, 4 or 8 bars",
        )
    if bpm is None:
        return float(np.random.default_rng(derive_seed(seed, "tempo")).integers(style.low_bpm, style.high_bpm + 1))
    if not 20 <= bpm <= 400:
        raise UsageError(
            f"{bpm:g} bpm cannot be played", cause="a tempo lies between 20 and 400 bpm", way_out="halve or double it"
        )
    return float(bpm)


def _written(style: Style, *, bars: int, bpm: float, swing: float, seed: int) -> list[Stroke]:
    """The strokes as played: choices, chances, swing, a human hand."""
    step_s = 15.0 / bpm
    strokes = []
    for name, lines in style.lines.items():
        rng = np.random.default_rng(derive_seed(seed, "line", name))
        line = lines[int(rng.integers(len(lines)))]
        late_s = float(rng.normal(0, 0.0006 * style.loose_ms))
        for bar in range(bars):
            played = _with_fill(line, name, rng) if bars > 1 and bar == bars - 1 else line
            for step, letter in enumerate(played):
                velocity, chance, count = STROKES[letter]
                if rng.random() >= chance:
                    continue
                for part in range(count):
                    place = bar * STEPS + step + part / count
                    moment = place * step_s + (swing * 0.5 * step_s if step % 2 else 0.0)
                    moment += late_s + float(rng.normal(0, style.loose_ms / 1000))
                    force = float(np.clip(velocity * (1 + 0.09 * rng.standard_normal()) * (0.85**part), 0.12, 1.0))
                    strokes.append(Stroke(name, place / 4, moment, force))
    return strokes


def _with_fill(line: str, name: str, rng: np.random.Generator) -> str:
    """The last bar may end with a few strokes more (drums) or a rest (hats)."""
    if not line or rng.random() < 0.45 or name not in ("snare", "tom", "kick", "perc"):
        return line
    letters = list(line)
    for step in (13, 14, 15):
        if letters[step] == "." and rng.random() < 0.5:
            letters[step] = "o" if name == "snare" else "x"
    return "".join(letters)


def _on_grid(stroke: Stroke, frames: int, sample_rate_hz: int) -> Stroke:
    """Put a stroke on a whole frame inside the loop: what comes before the start belongs to the end."""
    frame = round(stroke.onset_s * sample_rate_hz) % frames
    return Stroke(stroke.class_name, stroke.beat, frame / sample_rate_hz, stroke.velocity)


def _played(
    pattern: tuple[Stroke, ...], name: str, *, frames: int, sample_rate_hz: int, character: Character, home_seed: int
) -> Wave:
    """One class of the groove, shape ``(channels, frames)``: takes in turn, soft ones duller, tails wrapped around."""
    takes = [
        make_hit(
            name,
            seed=derive_seed(home_seed, "take", index),
            sample_rate_hz=sample_rate_hz,
            character=character,
            home_seed=home_seed,
            spread=0.04,
        ).sound.data.astype(np.float64)
        for index in range(_TAKES)
    ]
    wave = np.zeros((takes[0].shape[0], frames))
    takes = [take / np.max(np.abs(take)) for take in takes]
    for index, stroke in enumerate(stroke for stroke in pattern if stroke.class_name == name):
        hit = _softened(takes[index % _TAKES], stroke.velocity)
        if name == "hat-open":
            hit = _choked(hit, stroke, pattern, frames / sample_rate_hz, sample_rate_hz)
        _add_around(wave, hit * 10 ** (_LEVEL_DB.get(name, -6.0) / 20), round(stroke.onset_s * sample_rate_hz))
    return wave


def _softened(hit: Wave, velocity: float) -> Wave:
    """A softer stroke is quieter and a little duller: a two-point average, mixed in as the velocity falls."""
    dull = 0.5 * (1 - velocity)
    smooth = hit.copy()
    smooth[:, 1:] = (1 - dull) * hit[:, 1:] + dull * hit[:, :-1]
    return smooth * velocity**1.5


def _choked(hit: Wave, stroke: Stroke, pattern: tuple[Stroke, ...], loop_s: float, sample_rate_hz: int) -> Wave:
    """An open hat stops, within 20 ms, when the foot or a closed stroke shuts it."""
    gaps = [
        (other.onset_s - stroke.onset_s) % loop_s for other in pattern if other.class_name in ("hat-closed", "hat-open")
    ]
    after = [gap for gap in gaps if gap > 0.03]
    if not after:
        return hit
    time = np.arange(hit.shape[1]) / sample_rate_hz
    gain = np.cos(0.5 * np.pi * np.clip((time - min(after)) / 0.02, 0, 1)) ** 2
    return (hit * gain)[:, : max(1, int((min(after) + 0.021) * sample_rate_hz))]


def _add_around(wave: Wave, hit: Wave, start: int) -> None:
    """Add a hit from a frame on; what runs over the end goes on at the beginning, as often as needed."""
    frames, done = wave.shape[1], 0
    while done < hit.shape[1]:
        place = (start + done) % frames
        part = min(frames - place, hit.shape[1] - done)
        wave[:, place : place + part] += hit[:, done : done + part]
        done += part
