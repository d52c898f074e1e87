"""manifest.csv: read where it lies, words kept, rights turned into events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.library.sounds import fill
from woodshed.library import Library, Permission, Purpose
from woodshed.library.manifest import read_manifest

LEARN = Purpose.GENERATIVE_TRAINING
TABLE = """path,class,group,bpm,pitch_midi,licence,author,train_ok
a/one.wav,zorp,Kit A,,60,CC0-1.0,Ada,yes
a/two.wav,zorp,Kit A,,,CC-BY-4.0,Ben,yes
b/three.wav,blip,Kit B,90,,CC-BY-SA-4.0,Cid,no (share-alike)
b/four.wav,blip,Kit B,,,CC0-1.0,Dot,no: asked not to
b/five.wav,blip,Kit B,,,,Eve,yes
"""


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A folder of five sounds with a manifest at its root."""
    folder = fill(tmp_path / "told", ["a/one.wav", "a/two.wav", "b/three.wav", "b/four.wav", "b/five.wav"])
    (folder / "manifest.csv").write_text(TABLE)
    return folder


def test_words_become_the_vocabulary(library: Library, told: Path) -> None:
    fill(told, ["c/new blip 7.wav"], first_seed=20)
    library.add(told)
    items = {item.name: item for item in library.items()}
    assert items["one.wav"].class_name == "zorp"
    assert items["one.wav"].class_source == "manifest"
    assert items["one.wav"].pitch_midi == 60
    assert items["three.wav"].bpm == 90
    assert items["two.wav"].group == "Kit A"
    assert items["three.wav"].tags["train_ok"] == "no (share-alike)"
    assert (items["new blip 7.wav"].class_name, items["new blip 7.wav"].class_source) == ("blip", "name")


def test_rights_become_events(library: Library, told: Path) -> None:
    report = library.add(told)
    ids = {item.name: item.content_id for item in library.items()}
    said = {name: library.decisions([i], LEARN)[i] for name, i in ids.items()}
    assert said["one.wav"].allowed
    assert said["one.wav"].owners == ("Ada",)
    assert said["two.wav"].allowed
    assert said["two.wav"].credits == ("Ben (CC-BY-4.0)",)
    assert not said["three.wav"].allowed
    assert not said["four.wav"].allowed
    assert "asked not to" in said["four.wav"].rule
    assert not said["five.wav"].allowed  # train_ok alone is no licence
    assert (report.consented, report.without_consent) == (4, 1)


def test_a_second_scan_says_nothing_twice(library: Library, told: Path) -> None:
    library.add(told)
    count = len(library.ledger.events())
    assert library.add(told).consented == 0
    assert len(library.ledger.events()) == count


def test_mine_does_not_outvote_a_manifest(library: Library, told: Path) -> None:
    library.add(told, mine=True)
    allowed = {item.name for item in library.training_set("all", purpose=LEARN).items}
    assert allowed == {"one.wav", "two.wav", "five.wav"}


def test_a_subfolder_finds_the_manifest_above(library: Library, told: Path) -> None:
    library.add(told / "a")
    assert {item.class_name for item in library.items()} == {"zorp"}
    assert {item.group for item in library.items()} == {"Kit A"}


def test_a_manifest_above_that_speaks_of_other_folders_is_left_alone(library: Library, told: Path) -> None:
    elsewhere = fill(told / "c", ["kick 1.wav"], first_seed=30)
    report = library.add(elsewhere)
    assert (library.items()[0].class_name, report.problems) == ("kick", [])


def test_the_nearest_manifest_speaks_first(library: Library, told: Path) -> None:
    (told / "a" / "manifest.csv").write_text("file;label\none.wav;gong\n")
    library.add(told)
    assert library.item("one.wav").class_name == "gong"
    assert library.item("two.wav").class_name == "zorp"


def test_a_table_speaks_of_no_file_outside_of_its_folder(library: Library, told: Path) -> None:
    (told / "a" / "manifest.csv").write_text("path,class,licence,author\n../b/five.wav,gong,CC0-1.0,Mallory\n")
    report = library.add(told)
    five = library.item("five.wav")
    assert five.class_name == "blip"
    assert not library.decisions([five.content_id], LEARN)[five.content_id].allowed
    assert any("line 2 names a file outside of its folder" in problem for problem in report.problems)


def test_a_table_in_the_letters_of_old_windows_is_read(library: Library, told: Path) -> None:
    (told / "manifest.csv").write_bytes(
        "path;class;author;licence\na/one.wav;Glöckchen;Jörg;CC0-1.0\n".encode("cp1252")
    )
    library.add(told)
    one = library.item("one.wav")
    assert (one.class_name, one.author) == ("Glöckchen", "Jörg")
    assert library.decisions([one.content_id], LEARN)[one.content_id].owners == ("Jörg",)


def test_a_no_that_comes_later_is_heard(library: Library, told: Path) -> None:
    library.add(told / "a")
    one = library.item("one.wav").content_id
    library.ledger.grant(party="Ada", content_ids=[one], permissions={LEARN: Permission.ALLOWED})
    (told / "manifest.csv").write_text(TABLE.replace("Ada,yes", "Ada,no"))
    library.add(told / "a")
    assert "train_ok is 'no'" in library.decisions([one], LEARN)[one].rule
    library.ledger.grant(party="Ada", content_ids=[one], permissions={LEARN: Permission.ALLOWED})
    library.add(told / "a")
    assert library.decisions([one], LEARN)[one].allowed, "the same table does not say it twice"


@pytest.mark.parametrize(
    ("content", "rows", "problem"),
    [
        (b"File Name,License\nx.wav,MIT\n".replace(b"File Name", b"filename"), 1, None),
        (b"\xef\xbb\xbfpath\tclass\nsub\\x.wav\tkick\n", 1, None),
        (b"class,bpm\nkick,90\n", 0, "has no column named path"),
        (b"path,class\n,kick\nx.wav,snare\n", 1, "line 2 names no file"),
        (b"path,bpm\nx.wav,fast\n", 1, None),
        (b"", 0, "has no column named path"),
        (b"path,class\nx.wav\n", 1, None),
        (b"path,class\n\xff\xfe.wav,kick\n", 1, None),
        (b"\x00\x01\x02", 0, "has no column named path"),
    ],
)
def test_tables_of_many_kinds(tmp_path: Path, content: bytes, rows: int, problem: str | None) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    manifest = read_manifest(str(path))
    assert len(manifest.rows) == rows
    assert (manifest.problems or (None,))[0] == problem
