"""The base room: errors, knobs, files, seeds."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest

from woodshed.base.errors import DiskProblem, KnobOutOfRange, RateMismatch, UnknownName, WoodshedError
from woodshed.base.files import atomic_path, file_word, printable, write_text_atomically
from woodshed.base.knobs import Knob, KnobTable

TABLE = KnobTable(
    task="try",
    knobs=(
        Knob(name="amount", kind="float", low=0, high=1, default=0.3, help="how much"),
        Knob(name="borrow", kind="text", choices=("own", "none"), default="own", help="from where"),
        Knob(name="level", kind="float", low=-60, high=0, default=None, help="how loud", unit="lufs"),
    ),
)


def test_every_error_has_three_parts_and_survives_a_process_border() -> None:
    for error in (UnknownName("class", "kik", known=["kick"]), RateMismatch("The sound", got_hz=1, expected_hz=2)):
        assert "Likely cause:" in str(error)
        assert "Way out:" in str(error)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)


def test_exit_codes_are_those_of_the_tree() -> None:
    def kinds(kind: type[WoodshedError]) -> set[type[WoodshedError]]:
        return {kind}.union(*(kinds(child) for child in kind.__subclasses__()))

    tree = WoodshedError.__module__
    drawn = __import__(tree, fromlist=["__doc__"]).__doc__ or ""
    for kind in kinds(WoodshedError):
        if kind.__module__ == tree:
            assert kind.__name__ in drawn, kind


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_knob_refuses_what_is_past_its_stops(value: float) -> None:
    with pytest.raises(KnobOutOfRange, match=r"amount is .*goes from 0 to 1"):
        TABLE.settings(amount=value)


def test_a_knob_past_its_stops_may_be_left_out() -> None:
    with pytest.raises(KnobOutOfRange) as found:
        TABLE.settings(amount=2.0)
    assert "leave it out for 0.3" in str(found.value)
    guidance = Knob(name="guidance", kind="float", low=0, high=10, default=None, help="how strictly")
    with pytest.raises(KnobOutOfRange) as found:
        guidance.checked(-1.0)
    assert "or leave it out" in str(found.value)
    assert "None" not in str(found.value)


def test_a_large_seed_stays_itself_and_its_stops_are_words() -> None:
    seed = Knob(name="seed", kind="int", low=0, high=2**62, default=0, help="which one")
    assert seed.checked(2**62 - 3) == 2**62 - 3
    assert seed.stops == ("0", "2^62")
    with pytest.raises(KnobOutOfRange, match=r"goes from 0 to 2\^62"):
        seed.checked(-1)


def test_an_unknown_name_says_its_own_cause_only_where_nothing_is_near() -> None:
    assert "not taught" in str(UnknownName("class", "zither", known=["kick"], cause="it was not taught"))
    assert "near: kick" in str(UnknownName("class", "kik", known=["kick"], cause="it was not taught"))


def test_knob_table_fills_defaults_and_names_strangers() -> None:
    assert TABLE.settings(amount=1) == {"amount": 1.0, "borrow": "own", "level": None}
    with pytest.raises(UnknownName, match=r"no knob 'amont'.*near: amount"):
        TABLE.settings(amont=1)
    with pytest.raises(UnknownName, match=r"use one of none, own"):
        TABLE.settings(borrow="any")


def write_half(target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError


def test_atomic_path_leaves_the_old_file_and_nothing_else_on_failure(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text_atomically(target, "old")
    with pytest.raises(RuntimeError):
        write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_where_a_folder_is_needed_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DiskProblem, match="a file stands where a folder is needed"):
        write_text_atomically(tmp_path / "out" / "kick.wav", "new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DiskProblem, match="folder"):
        write_text_atomically(tmp_path / "folder", "new")
    assert (tmp_path / "out").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "out"]


@pytest.mark.parametrize("name", ["x" * 300, "y" * 300 + "/kick.wav"])
def test_a_place_that_cannot_be_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(DiskProblem, match=r"could not be written.*no folder or file can be made there.*choose another"):
        write_text_atomically(tmp_path / name, "new")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has a /proc")
def test_a_folder_that_cannot_be_made_is_a_sentence() -> None:
    with pytest.raises(DiskProblem, match=r"/proc/x/kick.wav could not be written"):
        write_text_atomically("/proc/x/kick.wav", "new")


def test_full_disk_is_a_sentence_with_a_way_out(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskProblem, match=r"could not be written \(No space left.*free some space"),
        atomic_path(tmp_path / "b"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_printable_escapes_what_would_break_a_terminal() -> None:
    assert printable("a\x1b[31m\n.wav") == "a\\x1b[31m\\n.wav"
    assert printable(b"\xff.wav".decode("utf-8", "surrogateescape")) == "\\xff.wav"


@pytest.mark.parametrize("text", ["../../up", "a/b\\c", "\0", "é" * 200, ".", "", "CON: 1\n"])
def test_a_file_word_stays_in_its_folder_and_fits(text: str) -> None:
    word = file_word(text)
    assert word
    assert not set(word) & set("/\\:\0\n")
    assert not word.startswith(".")
    assert len(word.encode()) <= 150
