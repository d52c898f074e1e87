"""Restoring as a task: what was found is reported, what was not at fault is untouched, with and without a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from woodshed.base.errors import HandshakeError, UnknownName, UsageError
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.workspace import Workspace

RATE = 44100


def hit(*, rate: int = RATE) -> Sound:
    rng = np.random.default_rng(4)
    time = np.arange(round(0.3 * rate)) / rate
    return Sound((0.25 * rng.standard_normal((2, len(time))) * np.exp(-12 * time)), rate)


def restored(workspace: Workspace, folder: Path, sound: Sound, model: str | None = None, **knobs: object) -> list:
    path = folder / "in.wav"
    write_sound(path, sound, encoding="FLOAT")
    return workspace.make("restore", model, path, folder=folder / "made", **knobs)  # type: ignore[arg-type]


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "bare")


def test_a_low_rate_becomes_a_full_one_with_a_top(bare: Workspace, tmp_path: Path) -> None:
    [made] = restored(bare, tmp_path, hit(rate=16000))
    assert made.sound.sample_rate_hz == RATE
    assert made.receipt.knobs["fault"] == "low_rate"
    assert made.receipt.knobs["cutoff"] == 7600
    power = np.abs(np.fft.rfft(made.sound.data[0])) ** 2
    hz = np.fft.rfftfreq(made.sound.frames, 1 / RATE)
    assert power[(hz > 9000) & (hz < 12000)].mean() > 1e-4 * power[(hz > 3000) & (hz < 6000)].mean()
    assert not made.receipt.has_model


def test_a_model_takes_part_and_is_named(trained: Workspace, tmp_path: Path) -> None:
    for top in ("likely", "drawn"):
        [made] = restored(trained, tmp_path, hit(rate=16000), "hits", top=top)
        assert made.sound.sample_rate_hz == RATE
        assert made.receipt.model == "hits"
        assert any("Janssen" in paper for paper in made.receipt.references)


def test_clipped_peaks_come_back_and_the_rest_is_bit_for_bit(bare: Workspace, tmp_path: Path) -> None:
    stop = np.float32(0.15 * hit().peak)
    clipped = np.clip(hit().data, -stop, stop)
    [made] = restored(bare, tmp_path, Sound(clipped, RATE), fault="clipped")
    back = read_sound(made.path).data
    inside = np.abs(clipped) < 0.99 * stop
    assert made.receipt.knobs["fault"] == "clipped"
    assert np.abs(back[inside] - clipped[inside]).max() < 2**-22
    assert np.abs(back).max() > stop


def test_a_sound_without_a_fault_comes_back_as_it_was(bare: Workspace, tmp_path: Path) -> None:
    [made] = restored(bare, tmp_path, hit())
    assert made.receipt.knobs["fault"] == "nothing found"
    assert np.abs(made.sound.data - hit().data).max() == 0


def test_what_cannot_be_found_is_a_sentence(bare: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no edge above which nothing sounds.*--cutoff 8000"):
        restored(bare, tmp_path, hit(), fault="band_limited")
    [made] = restored(bare, tmp_path, hit(), fault="band_limited", cutoff=9000)
    assert made.receipt.knobs["cutoff"] == 9000


@pytest.mark.parametrize(
    ("knobs", "text"),
    [
        (
            {"top": "drawn", "class": "nonsense", "steps": 3},
            r"--top drawn and --class and --steps cannot be followed.*add --model NAME, or leave out",
        ),
        ({"class": "kick"}, r"--class cannot.*none was named.*add --model NAME --top drawn"),
        ({"steps": 3}, r"--steps cannot be followed"),
        ({"fault": "clipped", "cutoff": 5000}, r"5000 Hz has no part in mending clipped peaks.*leave out --cutoff"),
    ],
)
def test_knobs_without_a_part_are_refused(
    bare: Workspace, tmp_path: Path, knobs: dict[str, float | str], text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        restored(bare, tmp_path, hit(), **knobs)
    assert not (tmp_path / "made").exists()


def test_a_class_is_checked_where_nothing_is_found(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no class 'nonsense'"):
        restored(trained, tmp_path, hit(), "hits", top="drawn", **{"class": "nonsense"})
    with pytest.raises(UsageError, match=r"--class and --steps.*likeliest was asked for.*add --top drawn"):
        restored(trained, tmp_path, hit(), "hits", steps=3, **{"class": "kick"})
    [made] = restored(trained, tmp_path, hit(rate=16000), "hits", top="drawn", steps=2, **{"class": "kick"})
    assert made.receipt.class_name == "kick"


def test_a_model_has_no_part_in_a_verb_without_one(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(HandshakeError, match="works without a model"):
        trained.make("mix", "hits", folder=tmp_path)
