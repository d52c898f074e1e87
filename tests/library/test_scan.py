"""Scanning: what is read, what is recognised, what is accounted for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.library.sounds import fill, make_hit
from woodshed.base.errors import UsageError
from woodshed.base.events import Progress
from woodshed.library import Library, hearing
from woodshed.sound import WavTags, read_sound, write_sound


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose audio or bytes were read, as the scan goes."""
    seen: list[str] = []

    def counted(name: str) -> None:
        original = getattr(hearing, name)

        def call(path: str, *rest: object) -> object:
            seen.append(name)
            return original(path, *rest)

        monkeypatch.setattr(hearing, name, call)

    for name in ("read_sound", "stream_sound", "probe_sound", "file_digest"):
        counted(name)
    return seen


def test_items_know_what_they_are(library: Library, pack: Path) -> None:
    report = library.add(pack, mine=True)
    assert len(report.added) == 4
    found = {item.name: item for item in library.items()}
    kick = found["Kick_808_03.wav"]
    assert (kick.class_name, kick.class_source, kick.kind, kick.group) == ("kick", "name", "oneshot", "pack/Roland")
    assert kick.content_id == read_sound(kick.path).content_id
    assert {item.class_name for item in found.values()} == {"kick", "snare", "hat-closed", "clap"}


def test_a_second_scan_of_unchanged_files_reads_no_audio(library: Library, pack: Path, reads: list[str]) -> None:
    (pack / "broken.wav").write_text("no sound")
    library.add(pack, jobs=1)
    assert reads.count("read_sound") == 4
    reads.clear()
    report = library.add(pack, jobs=1)
    assert reads == []
    assert (report.unchanged, report.decoded, len(report.added), len(report.skipped)) == (4, 0, 0, 1)


def test_only_what_changed_is_read(library: Library, pack: Path, reads: list[str]) -> None:
    library.add(pack, jobs=1)
    reads.clear()
    fill(pack, ["Roland/new.wav"], first_seed=50)
    write_sound(pack / "Studio" / "CP_01.wav", make_hit(60))
    report = library.add(pack, jobs=1)
    assert reads.count("read_sound") == 2
    assert (len(report.added), report.unchanged) == (2, 3)
    assert len(library.items()) == 6  # the replaced clap is still known, but has no file
    assert [item.paths for item in library.items("path:CP_01.wav")].count(()) == 1


def test_a_renamed_file_keeps_its_identity_and_is_not_decoded(library: Library, pack: Path, reads: list[str]) -> None:
    library.add(pack, mine=True, jobs=1)
    before = library.item("Kick_808_03.wav")
    reads.clear()
    (pack / "Roland" / "Kick_808_03.wav").rename(pack / "Roland" / "my favourite.wav")
    report = library.add(pack, mine=True, jobs=1)
    after = library.item(before.content_id)
    assert reads == ["file_digest"]
    assert [Path(path).name for path in report.renamed] == ["my favourite.wav"]
    assert after.path.endswith("my favourite.wav")
    assert (after.class_name, len(library.items()), report.missing) == ("kick", 4, [])


def test_a_tag_edit_keeps_identity(library: Library, pack: Path) -> None:
    library.add(pack)
    path = pack / "Roland" / "Kick_808_03.wav"
    before = library.item(str(path))
    write_sound(path, read_sound(path), tags=WavTags(text={"INAM": "another title"}))
    report = library.add(pack)
    assert (report.retagged, len(report.added)) == ([str(path)], 0)
    assert library.item(str(path)).content_id == before.content_id
    assert library.item(str(path)).file_digest != before.file_digest


def test_one_sound_in_several_files_is_one_item(library: Library, pack: Path) -> None:
    shutil.copy(pack / "Roland" / "Snr 1.wav", pack / "Studio" / "snare copy.wav")
    report = library.add(pack)
    assert (len(report.added), len(report.copies), len(library.items())) == (4, 1, 4)
    assert len(library.item("Snr 1.wav").paths) == 2
    (pack / "Roland" / "Snr 1.wav").unlink()
    item = library.item("Snr 1.wav") if (pack / "Roland" / "Snr 1.wav").exists() else library.items("class:snare")[0]
    assert library.sound(item).content_id == item.content_id  # the copy serves


def test_files_that_are_gone_are_named_and_kept(library: Library, pack: Path) -> None:
    library.add(pack)
    (pack / "Studio" / "CP_01.wav").unlink()
    report = library.add(pack)
    assert [Path(path).name for path in report.missing] == ["CP_01.wav"]
    assert len(library.items()) == 4


def test_every_file_is_accounted_for(library: Library, pack: Path) -> None:
    (pack / "notes.txt").write_text("about the session")
    (pack / ".DS_Store").write_text("x")
    (pack / "Studio" / "broken.wav").write_text("no sound at all")
    report = library.add(pack)
    assert report.files == 7
    assert report.reasons() == {
        "hidden file or folder": 1,
        "not a sound file (.txt)": 1,
        "not a sound that can be read here (Format not recognised)": 1,
    }
    listed = report.as_json()["skipped"]
    assert sorted(Path(entry["path"]).name for entry in listed) == [".DS_Store", "broken.wav", "notes.txt"]


def test_one_file_can_be_added(library: Library, pack: Path) -> None:
    report = library.add(pack / "Studio" / "CP_01.wav", mine=True)
    assert len(report.added) == 1
    assert library.items()[0].class_name == "clap"


def test_many_files_are_heard_in_processes_with_progress(library: Library, tmp_path: Path) -> None:
    folder = fill(tmp_path / "many", [f"kick {n}.wav" for n in range(20)], duration_s=0.05)
    events: list[Progress] = []
    report = library.add(
        folder, jobs=2, on_event=lambda event: events.append(event) if isinstance(event, Progress) else None
    )
    alone = Library(tmp_path / "other")
    alone.add(folder, jobs=1)
    assert len(report.added) == 20
    assert {item.content_id for item in library.items()} == {item.content_id for item in alone.items()}
    reading = [event for event in events if event.stage == "reading sounds"]
    assert reading[-1].done == reading[-1].total == 20
    assert reading[-1].seconds_left == 0


def test_a_folder_that_is_not_there(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not there.*check the path"):
        library.add(tmp_path / "nowhere")


def test_a_correction_stands_above_names_and_manifests(library: Library, pack: Path) -> None:
    library.add(pack)
    fixed = library.relabel("CP_01.wav", class_name="snap", group="fingers")
    assert (fixed.class_name, fixed.class_source, fixed.group) == ("snap", "human", "fingers")
    (pack / "manifest.csv").write_text("path,class,group\nStudio/CP_01.wav,clap,x\nRoland/Snr 1.wav,rim,y\n")
    report = library.add(pack)
    assert report.relabelled == 1
    assert library.item("CP_01.wav").class_name == "snap"
    assert (library.item("Snr 1.wav").class_name, library.item("Snr 1.wav").group) == ("rim", "y")
    assert library.add(pack).relabelled == 0
