"""Writing: whole or not at all, nothing clipped, nothing lost without a word."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.sound.sounds import noise, tone
from woodshed.base.errors import DiskProblem, UnusableSound, UsageError
from woodshed.sound import Sound, WavTags, read_sound, write_sound, write_tags


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    for encoding in ("PCM_24", "FLOAT"):
        with pytest.raises(UnusableSound, match=r"a\.wav holds values that are not numbers.*render it again"):
            write_sound(tmp_path / "a.wav", Sound(np.array([0.1, value]), 44100), encoding=encoding)
    assert not list(tmp_path.iterdir())


def test_no_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableSound, match=r"a\.wav has no audio in it \(0 frames\)"):
        write_sound(tmp_path / "a.wav", Sound(np.zeros((2, 0)), 44100))


def test_beyond_full_scale_is_an_error_for_integers_and_exact_for_floats(tmp_path: Path) -> None:
    sound = Sound(np.array([0.5, -2.0, 0.0]), 44100)
    with pytest.raises(
        UnusableSound, match=r"would clip as PCM_24: its peak is \+6\.02 dB.*lower it by 6\.03 dB.*FLOAT"
    ):
        write_sound(tmp_path / "a.wav", sound)
    heard = read_sound(write_sound(tmp_path / "a.wav", sound, encoding="FLOAT"))
    np.testing.assert_array_equal(heard.data, sound.data)
    lowered = sound.scaled(10 ** (-6.03 / 20))
    assert read_sound(write_sound(tmp_path / "b.wav", lowered)).peak == pytest.approx(1.0, abs=0.002)


def test_full_scale_itself_is_written(tmp_path: Path) -> None:
    heard = read_sound(write_sound(tmp_path / "a.wav", Sound(np.array([1.0, -1.0]), 44100)))
    assert heard.data[0].tolist() == [1 - 2.0**-23, -1.0]


@pytest.mark.parametrize(
    ("name", "encoding", "words"),
    [
        ("a", None, r"has no ending.*use one of .*\.flac"),
        ("a.xyz", None, r"has the ending \.xyz.*use one of"),
        ("a.m4a", None, r"has the ending \.m4a.*only be read"),
        ("a.flac", "FLOAT", r"FLAC cannot hold the encoding FLOAT.*use one of PCM_16"),
        ("a.wav", "MP9", r"WAV cannot hold the encoding MP9"),
        ("a.opus", None, r"OGG with OPUS cannot hold 2 channels at 44100 Hz.*resampled\(48000\)"),
    ],
)
def test_impossible_formats_say_what_is_possible(tmp_path: Path, name: str, encoding: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        write_sound(tmp_path / name, noise(seconds=0.01), encoding=encoding)
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_or_kept_as_asked(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone())
    with pytest.raises(UsageError, match=r"a\.wav is already there.*choose another name"):
        write_sound(path, noise(), overwrite=False)
    assert read_sound(path).channels == 1
    assert read_sound(write_sound(path, noise())).channels == 2


def test_missing_folders_are_made(tmp_path: Path) -> None:
    assert write_sound(tmp_path / "new" / "deep" / "a.wav", tone()).is_file()


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 20 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff"])
def test_a_file_that_may_not_grow_leaves_the_old_one(tmp_path: Path, suffix: str) -> None:
    path = write_sound(tmp_path / f"a{suffix}", tone(seconds=0.01))
    before = path.read_bytes()
    with pytest.raises(
        DiskProblem, match=rf"a\{suffix} could not be written .*free some space.*nothing .* was changed"
    ):
        write_sound(path, noise(seconds=1.0))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sound(tmp_path / "a.wav", tone())
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("woodshed.base.files.os.fsync", full)
    with pytest.raises(DiskProblem, match=r"a\.wav could not be written \(No space left on device\).*free some space"):
        write_sound(path, noise())
    with pytest.raises(DiskProblem, match="No space left"):
        write_tags(path, WavTags(text={"INAM": "x"}))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_long_sounds_are_written_without_a_seam(tmp_path: Path) -> None:
    """More than one block of the writer, so that no seam is out of place."""
    ramp = Sound(np.linspace(-0.9, 0.9, 100_000), 44100)
    heard = read_sound(write_sound(tmp_path / "a.wav", ramp, encoding="PCM_32"))
    np.testing.assert_allclose(heard.data, ramp.data, atol=1e-7)
