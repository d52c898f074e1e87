"""Loops from end to end: a model of loops, files that samplers and DAWs know as loops, recordings made seamless."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.base.errors import HandshakeError, UsageError
from woodshed.base.events import Event, Note
from woodshed.metrics import seam_of
from woodshed.sound import LoopPoint, Sound, read_sound, read_tags, write_sound
from woodshed.workspace import TrainingOrder, Workspace


def phrase(path: Path, *, seconds: float, rate: int = 22050) -> Path:
    rng = np.random.default_rng(2)
    data = np.zeros(round(seconds * rate))
    for hit in np.arange(0, seconds - 0.1, 0.25):
        start = round(hit * rate)
        tail = min(4000, data.size - start)
        data[start : start + tail] += rng.normal(size=tail) * np.exp(-np.arange(tail) / 900) * 0.02
    data += 0.4 * np.sin(np.arange(data.size) / rate * 2 * np.pi * 101.7 + 1.0)
    write_sound(path, Sound(data, rate))
    return path


def test_a_model_of_loops_makes_files_that_are_loops(workspace: Workspace, tmp_path: Path) -> None:
    order = TrainingOrder(name="grooves", query="kind:loop", family="loop-flow", preset="debug", budget="8steps")
    workspace.train(order)
    [made] = workspace.generate("grooves", folder=tmp_path, count=1, bpm=150.0, bars=1, borrow="own")
    rate = made.sound.sample_rate_hz
    tags = read_tags(made.path)
    assert made.sound.frames == round(1.6 * rate)
    assert tags.loops == (LoopPoint(0, made.sound.frames),)
    assert tags.tempo is not None
    assert (tags.tempo.bpm, tags.tempo.beats, tags.tempo.one_shot) == (150.0, 4, False)
    assert (made.receipt.finishing["loop_bpm"], made.receipt.finishing["loop_beats"]) == (150.0, 4)
    assert (made.receipt.knobs["bpm"], made.receipt.knobs["bars"]) == (150.0, 1)
    assert made.receipt.lenders
    assert made.receipt.finishing["trimmed_head_ms"] == made.receipt.finishing["trimmed_tail_ms"] == 0.0


def test_a_model_of_single_sounds_says_where_loops_come_from(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="loop-flow"):
        trained.generate("hits", folder=tmp_path, count=1, bpm=120.0, bars=1)


def test_a_phrase_is_made_seamless_at_its_own_length(workspace: Workspace, tmp_path: Path) -> None:
    path = phrase(tmp_path / "take.wav", seconds=3.37)
    [made] = workspace.make("loop", None, path, folder=tmp_path / "made")
    assert made.path.name == "take_loop.wav"
    assert seam_of(read_sound(path)).jump_percentile > 99.9 > seam_of(made.sound).jump_percentile
    assert not made.receipt.has_model
    assert read_tags(made.path).loops == (LoopPoint(0, made.sound.frames),)


@pytest.mark.parametrize(("bars", "seconds"), [(1, 2.0), (2, 4.0)])
def test_a_tempo_and_bars_give_the_exact_length(
    workspace: Workspace, tmp_path: Path, bars: int, seconds: float
) -> None:
    path = phrase(tmp_path / "take.wav", seconds=3.37)  # too short for two bars: the rest is silence
    [made] = workspace.make("loop", None, path, folder=tmp_path / "made", bpm=120.0, bars=bars)
    assert made.sound.frames == round(seconds * made.sound.sample_rate_hz)
    assert seam_of(made.sound, sixteenths=16 * bars).jump_percentile < 99.9


@pytest.mark.parametrize(("falls", "warnings"), [(0.2, 1), (5.0, 0)])
def test_a_single_hit_is_said_to_be_one(workspace: Workspace, tmp_path: Path, falls: float, warnings: int) -> None:
    time = np.arange(44100) / 44100
    path = write_sound(tmp_path / "hit.wav", Sound(0.5 * np.sin(400 * time) * np.exp(-time / falls), 44100))
    said: list[Event] = []
    workspace.make("loop", None, path, folder=tmp_path / "made", on_event=said.append)
    told = [one.text for one in said if isinstance(one, Note) and one.level == "warning"]
    assert len(told) == warnings
    assert all("hit.wav dies away" in text for text in told)


@pytest.mark.parametrize("frames", [1, 3, 50, 440])
def test_a_sound_too_short_for_a_loop_is_named(workspace: Workspace, tmp_path: Path, frames: int) -> None:
    rng = np.random.default_rng(1)
    path = write_sound(tmp_path / "click.wav", Sound(0.3 + 0.1 * rng.normal(size=frames), 44100))
    for knobs in ({}, {"bars": 1}):
        with pytest.raises(UsageError, match=rf"click.wav is too short for a loop \({frames} frame.*--bpm and --bars"):
            workspace.make("loop", None, path, folder=tmp_path / "made", **knobs)
    [made] = workspace.make("loop", None, path, folder=tmp_path / "made", bpm=240.0, bars=1)
    assert made.sound.frames == 44100


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 192000])
def test_ten_milliseconds_are_a_loop(workspace: Workspace, tmp_path: Path, rate: int) -> None:
    tone = np.sin(np.arange(-(-rate // 100)) * 0.3)
    path = write_sound(tmp_path / "wave.wav", Sound(0.5 * tone, rate))
    [made] = workspace.make("loop", None, path, folder=tmp_path / "made")
    assert 0 < made.sound.frames <= len(tone)
    with pytest.raises(UsageError, match=r"wave.wav lasts 10.* ms, and 64 bars in it are 15.* bpm.*fewer bars"):
        workspace.make("loop", None, path, folder=tmp_path / "made", bars=64)


def test_a_level_finishes_a_loop(workspace: Workspace, tmp_path: Path) -> None:
    path = phrase(tmp_path / "take.wav", seconds=3.37)
    [plain] = workspace.make("loop", None, path, folder=tmp_path / "made")
    [loud] = workspace.make("loop", None, path, folder=tmp_path / "made", level=-14.0)
    [usual] = workspace.make("loop", None, path, folder=tmp_path / "made", finish=True)
    assert "loudness_lufs" not in plain.receipt.finishing
    assert loud.receipt.finishing["loudness_lufs"] == pytest.approx(-14.0, abs=0.1)
    assert usual.receipt.finishing["loudness_lufs"] == pytest.approx(-22.0, abs=0.1)
    assert loud.sound.frames == plain.sound.frames


def test_what_cannot_loop_is_said(workspace: Workspace, trained: Workspace, tmp_path: Path) -> None:
    path = phrase(tmp_path / "take.wav", seconds=0.5)
    with pytest.raises(UsageError, match="--bars"):
        workspace.make("loop", None, path, folder=tmp_path / "made", bpm=60.0)
    with pytest.raises(HandshakeError, match="works without a model"):
        trained.make("loop", "hits", path, folder=tmp_path / "made")
