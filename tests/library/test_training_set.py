"""Training sets: nothing without consent ever comes out, whatever happens while one iterates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.library.sounds import fill, make_hit
from woodshed.base.errors import ConsentRefused, LibraryError, UsageError
from woodshed.base.events import Note
from woodshed.library import Library, Permission, Purpose, TrainingSet, merkle_root
from woodshed.library.training_set import TrainingSound
from woodshed.sound import read_sound, write_sound

LEARN = Purpose.GENERATIVE_TRAINING


def names(sounds: list[TrainingSound]) -> list[str]:
    """File names of what came out."""
    return [one.item.name for one in sounds]


def test_absent_means_no(library: Library, pack: Path) -> None:
    library.add(pack)
    made = library.training_set("all", purpose=LEARN)
    assert (len(made), len(made.refused)) == (0, 4)
    assert all("consent grant" in decision.way_out for decision in made.refused)
    assert list(made) == []


def test_sounds_come_as_they_are_unless_asked(library: Library, tmp_path: Path) -> None:
    for name, rate_hz, channels in (("a", 44100, 1), ("b", 44100, 2), ("c", 48000, 1)):
        write_sound(tmp_path / "s" / f"{name}.wav", make_hit(ord(name), sample_rate_hz=rate_hz, channels=channels))
    library.add(tmp_path / "s", mine=True)
    made = library.training_set("all", purpose=LEARN)
    assert (made.sample_rate_hz, made.channels) == (44100, None)
    sounds = {one.item.name: one.sound for one in made}
    assert {name: (s.sample_rate_hz, s.channels) for name, s in sounds.items()} == {
        "a.wav": (44100, 1), "b.wav": (44100, 2), "c.wav": (44100, 1),
    }  # fmt: skip
    assert np.array_equal(sounds["a.wav"].data, read_sound(tmp_path / "s" / "a.wav").data)
    listed = {page.path_name: page.conversions for page in made.manifest().items}
    assert listed == {"a.wav": (), "b.wav": (), "c.wav": ("48000 Hz to 44100 Hz",)}
    stereo = library.training_set("all", purpose=LEARN, sample_rate_hz=48000, channels=2)
    assert {(one.sound.sample_rate_hz, one.sound.channels) for one in stereo} == {(48000, 2)}
    listed = {page.path_name: page.conversions for page in stereo.manifest().items}
    assert listed["a.wav"] == ("1 to 2 channels", "44100 Hz to 48000 Hz")


def test_seven_channels_are_left_out_of_a_stereo_set(library: Library, tmp_path: Path) -> None:
    write_sound(tmp_path / "s" / "wide.wav", make_hit(1, channels=7))
    write_sound(tmp_path / "s" / "plain.wav", make_hit(2))
    library.add(tmp_path / "s", mine=True)
    assert names(list(library.training_set("all", purpose=LEARN))) == ["plain.wav", "wide.wav"]
    stereo = library.training_set("all", purpose=LEARN, channels=2)
    assert names(list(stereo)) == ["plain.wav"]
    assert stereo.manifest().refused[0].rule == "its 7 channels cannot become 2 channels"


def test_a_withdrawal_while_iterating_is_heeded(library: Library, pack: Path) -> None:
    library.add(pack, owner="Ada", licence="CC0-1.0", allow=["all"])
    made = library.training_set("all", purpose=LEARN)
    before = made.manifest()
    other = Library(library.path)  # another process, as it were
    running = iter(made)
    first = next(running)
    rest = [item.content_id for item in made.items if item.content_id != first.item.content_id]
    other.ledger.revoke(party="Ada", content_ids=rest[:2], reason="changed my mind")
    assert [one.item.content_id for one in running] == rest[2:]
    assert set(made.left_out) == set(rest[:2])
    after = made.manifest()
    assert len(after.items) == 2
    assert {page.content_id for page in after.refused} == set(rest[:2])
    assert after.merkle_root != before.merkle_root
    assert after.ledger_head == other.ledger.head() != before.ledger_head
    with pytest.raises(ConsentRefused, match="may not be used"):
        made.read(rest[0])
    assert made.read(first.item.content_id).item == first.item


def test_a_withdrawal_during_the_read_is_heeded(library: Library, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add(pack, owner="Ada", allow=["all"])
    made = library.training_set("all", purpose=LEARN)
    original = library.sound

    def slow(item: object) -> object:
        sound = original(item)  # type: ignore[arg-type]
        library.ledger.revoke(party="Ada", content_ids=[one.content_id for one in made.items])
        return sound

    monkeypatch.setattr(library, "sound", slow)
    with pytest.raises(ConsentRefused, match="may or can be used any more"):
        list(made)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8))
def test_nothing_refused_ever_comes_out(library: Library, pack: Path, moves: list[tuple[bool, int]]) -> None:
    library.add(pack, owner="Ada", allow=["all"])
    made = library.training_set("all", purpose=LEARN)
    ids = sorted(item.content_id for item in library.items())
    came: list[str] = []
    try:
        for number, one in enumerate(made):
            assert library.ledger.decide([one.item.content_id], LEARN)[one.item.content_id].allowed
            came.append(one.item.content_id)
            if number < len(moves):
                allow, which = moves[number]
                if allow:
                    permissions = {LEARN: Permission.ALLOWED}
                    library.ledger.grant(party="Ada", content_ids=[ids[which]], permissions=permissions)
                else:
                    library.ledger.revoke(party="Ada", content_ids=[ids[which]])
    except ConsentRefused:
        assert not came


def test_a_file_that_changed_is_left_out_with_a_note(library: Library, pack: Path) -> None:
    library.add(pack, mine=True)
    notes: list[Note] = []
    made = library.training_set(
        "all", purpose=LEARN, on_event=lambda event: notes.append(event) if isinstance(event, Note) else None
    )
    write_sound(pack / "Studio" / "CP_01.wav", make_hit(77))
    (pack / "Roland" / "Snr 1.wav").unlink()
    assert names(list(made)) == ["Kick_808_03.wav", "hat_closed.wav"]
    assert [note.text.split(":")[0] for note in notes] == ["Snr 1.wav is left out", "CP_01.wav is left out"]
    assert any("has changed since it was added" in note.text for note in notes)
    assert len(made.manifest().items) == 2


def test_a_set_whose_files_are_all_gone_says_so(library: Library, pack: Path) -> None:
    library.add(pack, mine=True)
    made = library.training_set("all", purpose=LEARN)
    for path in pack.rglob("*.wav"):
        path.unlink()
    with pytest.raises(LibraryError, match=r"None of the 4.*is not where it was"):
        list(made)


def test_only_the_library_makes_one(library: Library, pack: Path) -> None:
    library.add(pack)
    with pytest.raises(UsageError, match=r"cannot be made by hand.*Library\.training_set"):
        TrainingSet(
            object(), library=library, items=library.items(), refused=[], purpose=LEARN, query="all",
            sample_rate_hz=44100, channels=None, head="", decisions={},
        )  # fmt: skip


def test_subset_include_and_exclude(library: Library, pack: Path) -> None:
    library.add(pack, mine=True)
    ids = sorted(item.content_id for item in library.items())
    made = library.training_set("all", purpose=LEARN, exclude=ids[:1])
    assert {item.content_id for item in made.items} == set(ids[1:])
    assert {item.content_id for item in made.subset(ids[:2]).items} == {ids[1]}
    only = library.training_set("all", purpose=LEARN, include=ids[2:3])
    assert [item.content_id for item in only.items] == ids[2:3]
    assert library.training_set("class:kick,clap", purpose=LEARN).classes == ("clap", "kick")


def test_the_manifest_survives_json(library: Library, pack: Path) -> None:
    library.add(pack, owner="Ada", licence="CC-BY-4.0")
    manifest = library.training_set("all", purpose=LEARN).manifest()
    assert type(manifest).model_validate_json(manifest.model_dump_json()) == manifest
    assert {page.credit for page in manifest.items} == {"Ada (CC-BY-4.0)"}
    assert manifest.merkle_root == merkle_root(page.content_id for page in manifest.items)


def test_merkle_root() -> None:
    ids = [f"{n:032x}" for n in range(9)]
    roots = {merkle_root(ids[:count]) for count in range(10)}
    assert len(roots) == 10
    assert merkle_root(reversed(ids)) == merkle_root(ids)


def test_an_opt_out_reaches_copies_and_likeness(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    fill(folder, ["one.wav", "two.wav"])
    write_sound(folder / "one quieter.wav", make_hit(0).scaled(-0.4))
    library.add(folder, owner="Ada", allow=["all"])
    one = library.item("one.wav")
    library.ledger.opt_out(party="Ben", content_ids=[one.content_id], reason="my recording")
    made = library.training_set("all", purpose=LEARN)
    assert [item.name for item in made.items] == ["two.wav"]
    assert any("holds the same recording" in decision.rule for decision in made.refused)
    copy = library.item("one quieter.wav").content_id
    told = library.explain(copy, "generative-training").text
    assert told.startswith("NOT ALLOWED")
    assert "holds the same recording" in told
    stranger = Library(tmp_path / "elsewhere")
    write_sound(tmp_path / "t" / "two as mp3.wav", make_hit(1).scaled(0.9).resampled(48000))
    stranger.add(tmp_path / "t", mine=True)
    assert len(stranger.training_set("all", purpose=LEARN)) == 1
    stranger.ledger.opt_out(party="Cid", fingerprints=["other-print:xyz", library.fingerprint_text("two.wav")])
    refused = stranger.training_set("all", purpose=LEARN).refused
    assert len(refused) == 1
    assert "by its fingerprint" in refused[0].rule
    stranger.ledger.grant(party="Cid", content_ids=[refused[0].content_id], permissions={LEARN: Permission.ALLOWED})
    assert len(stranger.training_set("all", purpose=LEARN)) == 1  # the same voice may change its mind


class TwoHoursOn(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(hours=2)


def test_a_grant_that_runs_out_while_iterating_is_heeded(
    library: Library, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(pack)
    ids = [item.content_id for item in library.items()]
    soon = datetime.now(UTC) + timedelta(hours=1)
    library.ledger.grant(party="Ada", content_ids=ids, permissions={LEARN: Permission.ALLOWED}, expires_at=soon)
    made = library.training_set("all", purpose=LEARN)
    assert len(made) == 4
    running = iter(made)
    first = next(running)
    monkeypatch.setattr("woodshed.library.consent.ledger.datetime", TwoHoursOn)
    assert list(running) == []
    assert "ran out" in made.left_out[ids[-1]]
    with pytest.raises(ConsentRefused, match="ran out"):
        made.read(first.item.content_id)


def test_only_a_yes_to_the_same_use_lifts_an_opt_out_from_copies(library: Library, tmp_path: Path) -> None:
    folder = fill(tmp_path / "s", ["one.wav"])
    write_sound(folder / "one quieter.wav", make_hit(0).scaled(-0.4))
    library.add(folder, owner="Ada", allow=["all"])
    one = library.item("one.wav").content_id
    library.ledger.opt_out(party="Ben", content_ids=[one])
    for said in ({LEARN: Permission.NOT_ALLOWED}, {Purpose.FINGERPRINT: Permission.ALLOWED}):
        library.ledger.grant(party="Ben", content_ids=[one], permissions=said)
        assert len(library.training_set("all", purpose=LEARN)) == 0
    library.ledger.grant(party="Ben", content_ids=[one], permissions={LEARN: Permission.ALLOWED})
    assert len(library.training_set("all", purpose=LEARN)) == 2
