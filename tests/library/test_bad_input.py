"""The list of bad input, at the level of a scan: each gets a clear account, and nothing else is lost."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.library.sounds import fill, make_hit
from woodshed.base.errors import DiskProblem
from woodshed.library import Library, ScanReport, hearers, hearing
from woodshed.library.hearing import Task, hear
from woodshed.sound import Sound, read_sound, write_sound


def scan(library: Library, folder: Path) -> ScanReport:
    """Scan a folder that also holds one good sound, which must always arrive."""
    fill(folder, ["good kick.wav"], first_seed=99)
    report = library.add(folder, mine=True)
    assert "good kick.wav" in {item.name for item in library.items()}
    assert report.files == len(report.added) + len(report.skipped)
    return report


def reason(report: ScanReport) -> str:
    """The one reason of a scan that skipped one file."""
    (entry,) = report.skipped
    return entry.reason


def write_float(path: Path, data: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, data, 44100, subtype="FLOAT")


def text_named_wav(folder: Path) -> None:
    (folder / "bad.wav").write_text("this is a shopping list")


def truncated_flac(folder: Path) -> None:
    write_sound(folder / "bad.flac", make_hit(1, duration_s=2.0))
    whole = (folder / "bad.flac").read_bytes()
    (folder / "bad.flac").write_bytes(whole[: len(whole) // 2])


def zero_frames(folder: Path) -> None:
    write_float(folder / "bad.wav", np.zeros(0, np.float32))


SKIPPED: list[tuple[Callable[[Path], None], str]] = [
    (text_named_wav, "not a sound that can be read here"),
    (truncated_flac, "cut off or damaged"),
    (lambda folder: write_float(folder / "bad.wav", np.full(100, np.nan, np.float32)), "not numbers"),
    (lambda folder: write_float(folder / "bad.wav", np.full(100, np.inf, np.float32)), "not numbers"),
    (zero_frames, "0 frames"),
    (lambda folder: write_float(folder / "bad.wav", np.zeros(4410, np.float32)), "silent"),
    (lambda folder: write_float(folder / "bad.wav", np.full(3, 0.5, np.float32)), "shorter than 10 ms"),
    (lambda folder: (folder / "bad.wav").write_bytes(b""), "empty file (0 bytes)"),
    (lambda folder: (folder / "bad.wav").write_bytes(os.urandom(4000)), "not a sound that can be read here"),
    (lambda folder: os.mkfifo(folder / "bad.wav"), "device or pipe"),
    (lambda folder: (folder / "bad.wav").symlink_to(folder / "nowhere.wav"), "link that leads nowhere"),
    (lambda folder: (folder / "bad.wav").symlink_to(folder / "bad.wav"), "link that leads nowhere"),
]


@pytest.mark.parametrize(("make", "words"), SKIPPED, ids=[words for _, words in SKIPPED])
def test_what_is_skipped_says_why(library: Library, tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    make(folder)
    report = scan(library, folder)
    assert words in reason(report)
    assert report.skipped[0].path.startswith(str(folder / "bad"))
    assert words in reason(library.add(folder))  # a second scan says the same


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype", "frames"),
    [(8000, 1, "PCM_U8", 4000), (192000, 2, "PCM_24", 9600), (44100, 7, "PCM_16", 4410), (44100, 1, "PCM_16", 441)],
    ids=["8 kHz 8 bit", "192 kHz", "7 channels", "10 ms"],
)
def test_unusual_sounds_are_sounds(
    library: Library, tmp_path: Path, rate_hz: int, channels: int, subtype: str, frames: int
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    data = np.random.default_rng(0).uniform(-0.5, 0.5, (frames, channels))
    soundfile.write(folder / "odd.wav", data, rate_hz, subtype=subtype)
    report = scan(library, folder)
    assert not report.skipped
    item = library.item("odd.wav")
    assert (item.sample_rate_hz, item.channels, item.frames) == (rate_hz, channels, frames)
    assert library.sound(item).content_id == item.content_id


def test_a_three_hour_file_is_heard_in_little_memory(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    path = folder / "whole evening.wav"
    frames = 3 * 3600 * 8000
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + frames, b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", frames
    )
    noise = np.random.default_rng(0).integers(118, 138, 1 << 20, dtype=np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(head)
        for start in range(0, frames, len(noise)):
            file.write(noise[: frames - start])
    before = psutil.Process().memory_info().rss
    report = scan(library, folder)
    assert not report.skipped
    item = library.item("whole evening.wav")
    assert item.duration_s == 3 * 3600
    assert item.kind == "recording"
    assert psutil.Process().memory_info().rss - before < 200 << 20


@pytest.mark.parametrize("channels", [1, 2, 7])
def test_a_streamed_sound_has_the_same_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    path = write_sound(tmp_path / "long.wav", make_hit(5, duration_s=3.0, channels=channels))
    whole = task_for(path)
    heard = hear(whole)
    monkeypatch.setattr(hearing, "STREAM_ABOVE_BYTES", 1000)
    monkeypatch.setattr(hearing, "read_sound", None)
    assert hear(whole) == heard
    assert heard.content_id == read_sound(path).content_id


def test_a_header_that_promises_another_length_is_corrected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sound(tmp_path / "long.wav", make_hit(5, duration_s=2.0))
    honest = hearing.probe_sound(path)
    monkeypatch.setattr(hearing, "STREAM_ABOVE_BYTES", 1000)
    off = type(honest)(honest.sample_rate_hz, honest.channels, honest.frames + 1105, honest.container, honest.encoding)
    monkeypatch.setattr(hearing, "probe_sound", lambda path: off)
    heard = hear(task_for(path))
    assert (heard.content_id, heard.frames) == (read_sound(path).content_id, honest.frames)


def task_for(path: Path) -> Task:
    state = path.stat()
    return Task(str(path), state.st_size, state.st_mtime_ns)


def test_a_loop_of_links_ends(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "round").symlink_to(folder, target_is_directory=True)
    report = scan(library, folder)
    assert reason(report) == "folder already visited through another link"


def test_names_of_every_kind(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    names = ["new\nline kick.wav", "quo'te\"s snare.wav", "🥁 clap.wav", "-rf.wav", "percent % _ tom.wav", " .wav"]
    fill(folder, names)
    raw = os.fsencode(folder) + b"/b\xffd \xfe rim.wav"
    (folder / " .wav").rename(os.fsdecode(raw))
    report = library.add(folder, mine=True)
    assert (len(report.added), report.skipped) == (6, [])
    for item in library.items():
        assert library.sound(item).content_id == item.content_id
        assert item.as_json()["path"].isprintable()
    assert {item.class_name for item in library.items()} == {"kick", "snare", "clap", "tom", "rim", None}
    assert library.add(folder).unchanged == 6
    assert library.item(os.fsdecode(raw)).class_name == "rim"
    assert len(library.training_set("all", purpose="generative-training").manifest().model_dump_json()) > 0  # type: ignore[arg-type]


def test_an_unreadable_folder(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    locked = fill(folder / "locked", ["kick.wav"])
    locked.chmod(0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("this user may read everything")
        report = scan(library, folder)
    finally:
        locked.chmod(0o755)
    assert reason(report) == "folder cannot be opened"


def test_a_folder_that_refuses(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sounds"
    fill(folder / "locked", ["kick.wav"])
    listdir = os.listdir

    def refuse(path: str) -> list[str]:
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    report = scan(library, folder)
    assert (report.skipped[0].reason, report.skipped[0].detail) == ("folder cannot be opened", "Permission denied")
    monkeypatch.undo()
    assert len(library.add(folder).added) == 1  # once it opens, its sounds are there


def test_a_file_that_refuses_is_tried_again(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "sounds", ["kick.wav"])

    def refuse(path: str) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(hearing, "file_digest", refuse)
    assert reason(library.add(folder)) == "file cannot be opened"
    monkeypatch.undo()
    assert len(library.add(folder).added) == 1


def test_a_file_that_changes_while_it_is_read(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "sounds", ["kick.wav"])

    def grow(path: str) -> Sound:
        sound = read_sound(path)
        write_sound(path, make_hit(7, duration_s=1.0))
        return sound

    monkeypatch.setattr(hearing, "read_sound", grow)
    assert reason(library.add(folder)) == "changed while it was read"
    monkeypatch.undo()
    assert len(library.add(folder).added) == 1


def test_a_fault_of_our_own_loses_one_file(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "sounds", ["kick.wav", "snare.wav"])
    original = hearing.fingerprint

    def stumble(sound: Sound) -> object:
        if sound.content_id == read_sound(folder / "kick.wav").content_id:
            raise ValueError("not foreseen")
        return original(sound)

    monkeypatch.setattr(hearing, "fingerprint", stumble)
    report = library.add(folder)
    assert (len(report.added), reason(report), report.skipped[0].detail) == (
        1,
        "could not be worked on",
        "ValueError: not foreseen",
    )


def test_a_decoder_that_crashes_loses_one_file(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "sounds", ["kick.wav", "deadly.wav", "snare.wav"])
    code = (
        "import os; from woodshed.library import hearers\n"
        "hear = hearers._hear\n"
        "hearers._hear = lambda task: os._exit(11) if 'deadly' in task.path else hear(task)\n"
        "hearers.answer_tasks()"
    )
    monkeypatch.setattr(hearers, "_START", code)
    report = library.add(folder, jobs=2)
    assert (len(report.added), reason(report)) == (2, "the decoder crashed on it")


def test_a_full_disk(tmp_path: Path) -> None:
    """SQLite is told that the disk ends after so many pages; what was reported is there, and the rest comes later."""
    from sqlalchemy import event

    folder = fill(tmp_path / "sounds", [f"kick {n}.wav" for n in range(30)], duration_s=0.1)
    library = Library(tmp_path / "workspace")
    full = True

    @event.listens_for(library.engine, "connect")
    def shrink(connection: object, record: object) -> None:
        if full:
            connection.execute("PRAGMA max_page_count=40")  # type: ignore[attr-defined]

    with pytest.raises(DiskProblem, match=r"full.*free some space"):
        library.add(folder, mine=True)
    full = False
    kept = len(library.items())
    report = library.add(folder, mine=True)
    assert len(report.added) == 30 - kept
    assert len(library.training_set("all", purpose="generative-training")) == 30  # type: ignore[arg-type]


def test_no_code_is_taken_from_a_folder_of_sounds(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "pack", ["one.wav", "two.wav"])
    for name in ("numpy", "queue", "woodshed", "soundfile"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nraise SystemExit\n")
    monkeypatch.chdir(folder)
    assert len(library.add(folder, mine=True, jobs=2).added) == 2
    assert not (tmp_path / "executed").exists()
