"""Looking up, reading, checking, moving and taking out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.library.sounds import make_hit
from woodshed.base.errors import LibraryError, UnknownName, UnusableSound, UsageError
from woodshed.library import Library
from woodshed.sound import read_sound, write_sound


def test_an_item_by_many_names(library: Library, pack: Path) -> None:
    library.add(pack)
    path = pack / "Studio" / "CP_01.wav"
    item = library.item("CP_01.wav")
    assert library.item(str(path)) == library.item(item.content_id) == library.item(item.content_id[:8].upper()) == item
    assert library.name_of(item.content_id) == "CP_01.wav"
    with pytest.raises(UnknownName, match=r"no sound 'CP_02\.wav'.*near: CP_01\.wav"):
        library.item("CP_02.wav")
    shutil.copytree(pack / "Studio", pack / "Copy")
    write_sound(pack / "Copy" / "CP_01.wav", make_hit(40))
    library.add(pack)
    with pytest.raises(UnknownName, match=r"no single sound 'CP_01\.wav'"):
        library.item("CP_01.wav")


def test_a_sound_is_the_one_that_was_added(library: Library, pack: Path) -> None:
    library.add(pack)
    item = library.item("CP_01.wav")
    assert library.sound(item).content_id == library.sound(item.content_id).content_id == item.content_id
    write_sound(item.path, make_hit(70))
    with pytest.raises(UnusableSound, match=r"has changed since it was added.*add its folder again"):
        library.sound(item)
    Path(item.path).unlink()
    with pytest.raises(LibraryError, match=r"is not where it was.*relocate"):
        library.sound(item)


def test_remove_leaves_files_and_ledger(library: Library, pack: Path) -> None:
    library.add(pack, mine=True)
    events = library.ledger.events()
    removed = library.remove("class:kick")
    assert [item.name for item in removed] == ["Kick_808_03.wav"]
    assert len(library.items()) == 3
    assert (pack / "Roland" / "Kick_808_03.wav").exists()
    assert library.ledger.events() == events
    assert len(library.add(pack).added) == 1  # adding again brings it back, with its consent
    assert library.add(pack).without_consent == 0
    with pytest.raises(UsageError, match="say all if you mean all"):
        library.remove(" ")


def test_relocate_follows_a_folder(library: Library, pack: Path, tmp_path: Path) -> None:
    library.add(pack)
    target = tmp_path / "elsewhere" / "pack"
    shutil.move(pack, target)
    (target / "Roland" / "Snr 1.wav").unlink()
    write_sound(target / "Studio" / "CP_01.wav", make_hit(80, duration_s=1.0))
    report = library.relocate(pack, target)
    assert (len(report.moved), len(report.not_found), len(report.different)) == (2, 1, 1)
    assert library.sound("Kick_808_03.wav").content_id == read_sound(target / "Roland" / "Kick_808_03.wav").content_id
    with pytest.raises(UsageError, match="knows no sound below"):
        library.relocate(tmp_path / "never", target)


def test_relocate_after_a_copy_that_lost_its_times(library: Library, pack: Path, tmp_path: Path) -> None:
    library.add(pack)
    shutil.copytree(pack, tmp_path / "new", copy_function=shutil.copyfile)
    shutil.rmtree(pack)
    assert len(library.relocate(pack, tmp_path / "new").moved) == 4
    assert library.add(tmp_path / "new").unchanged == 4


def test_verify_names_what_is_amiss(library: Library, pack: Path) -> None:
    library.add(pack, mine=True)
    assert library.verify().whole
    assert library.verify(deep=True).whole
    (pack / "Roland" / "Snr 1.wav").unlink()
    write_sound(pack / "Studio" / "CP_01.wav", make_hit(71))
    quick, deep = library.verify(), library.verify(deep=True)
    assert ([Path(p).name for p in quick.missing], [Path(p).name for p in quick.touched]) == (
        ["Snr 1.wav"],
        ["CP_01.wav"],
    )
    assert ([Path(p).name for p in deep.missing], [Path(p).name for p in deep.changed]) == (
        ["Snr 1.wav"],
        ["CP_01.wav"],
    )
    assert len(deep.homeless) == 2
    assert not deep.as_json()["whole"]


def test_relabel_needs_a_word(library: Library, pack: Path) -> None:
    library.add(pack)
    with pytest.raises(UsageError, match="no new word was given"):
        library.relabel("CP_01.wav")
    with pytest.raises(UsageError, match="is no name"):
        library.relabel("CP_01.wav", class_name=" ")
