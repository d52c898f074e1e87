"""Near duplicates: planted ones are found, different sounds are not merged, and groups keep them together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.duplicates import CHANGES, coded, measure, trimmed

from tests.library.sounds import make_hit
from woodshed.base.errors import UsageError
from woodshed.library import Library
from woodshed.library.fingerprint import VECTOR_SIZE, Fingerprint, fingerprint, onset_frame
from woodshed.library.grouping import group_names
from woodshed.library.likeness import agreement, near_pairs
from woodshed.sound import Sound, write_sound


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_copy_is_the_same_recording(name: str) -> None:
    for seed in range(6):
        sound = make_hit(seed, duration_s=0.8)
        assert agreement(fingerprint(sound), fingerprint(CHANGES[name](sound))).same_recording, seed


def test_different_hits_are_not_the_same_recording() -> None:
    prints = [fingerprint(make_hit(seed)) for seed in range(24)]
    assert not any(agreement(a, b).same_recording for i, a in enumerate(prints) for b in prints[:i])


def test_a_loop_that_begins_with_the_same_hit_is_another_recording() -> None:
    hit, silence = make_hit(1).data[0], np.zeros(8000)
    first = np.concatenate([hit, silence, make_hit(2).data[0], silence, make_hit(3).data[0]])
    second = np.concatenate([hit, silence[:3000], make_hit(4).data[0], make_hit(5).data[0], silence[:3000], hit])
    found = agreement(fingerprint(Sound(first, 44100)), fingerprint(Sound(second, 44100)))
    assert found.waves > 0.95
    assert not found.same_recording


def test_lag_and_gain_are_measured() -> None:
    sound = make_hit(3)
    found = agreement(fingerprint(sound), fingerprint(trimmed(sound).scaled(-0.2)))
    assert found.waves > 0.9
    assert abs(found.lag_s) < 0.009


@pytest.mark.parametrize("frames", [1, 2, 10, 44, 100, 1023, 5000])
def test_tiny_sounds_have_a_fingerprint(frames: int) -> None:
    made = fingerprint(Sound(np.full(frames, 0.5), 44100))
    assert made.vector.shape == (VECTOR_SIZE,)
    assert np.isfinite(made.vector).all()
    again = Fingerprint.from_bytes(made.vector_bytes(), made.traces_bytes())
    assert np.array_equal(again.snippet, made.snippet)
    assert np.array_equal(again.course, made.course)


def test_two_sides_that_cancel_still_sound() -> None:
    left = make_hit(8).data[0]
    wide = fingerprint(Sound(np.stack([left, -left]), 44100))
    assert agreement(wide, fingerprint(Sound(left, 44100))).same_recording


def test_fingerprint_as_text() -> None:
    made = fingerprint(make_hit(2))
    again = Fingerprint.from_text(made.to_text())
    assert agreement(made, again).waves == pytest.approx(1.0)
    for text in ("", "abc", "woodshed-print-1:", "woodshed-print-1:!!!!", made.to_text()[:200]):
        with pytest.raises(UsageError, match="is no fingerprint"):
            Fingerprint.from_text(text)


def test_onset_is_found_behind_silence() -> None:
    sound = make_hit(1)
    late = np.pad(sound.data[0], (4410, 0))
    assert abs(onset_frame(late, 44100) - 4410) <= 88


def test_pairs_among_many() -> None:
    prints = {f"{n:02d}": fingerprint(make_hit(n)) for n in range(40)}
    prints["99"] = fingerprint(trimmed(make_hit(7)).scaled(-0.5))
    ids = sorted(prints)
    vectors = np.stack([prints[name].vector for name in ids])
    pairs = near_pairs(ids, vectors, block=range(len(ids)), traces=lambda names: {n: prints[n] for n in names})
    assert [(pair.first_id, pair.second_id) for pair in pairs] == [("07", "99")]


def test_the_library_joins_near_duplicates_across_kits(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    for kit, seeds in {"Ada": (1, 2), "Ben": (3, 4), "Cid": (5, 6)}.items():
        for seed in seeds:
            write_sound(folder / kit / f"kick {seed}.wav", make_hit(seed))
    write_sound(folder / "Ben" / "found somewhere.ogg", coded("OGG", "VORBIS")(make_hit(1)).scaled(0.5))
    report = library.add(folder)
    assert report.near_pairs == 1
    assert [(group.name, group.kits, len(group.content_ids)) for group in library.groups()] == [
        ("sounds/Ben", ("sounds/Ada", "sounds/Ben"), 5),
        ("sounds/Cid", ("sounds/Cid",), 2),
    ]
    split = library.split(library.items(), held_out=0.3, seed=0)
    assert {item.group for item in split.held_out} == {"sounds/Cid"}


def test_what_was_never_compared_is_compared_before_a_split(library: Library, tmp_path: Path) -> None:
    from woodshed.library.store import writing
    from woodshed.library.tables import ITEM, NEAR

    write_sound(tmp_path / "s" / "a.wav", make_hit(1))
    write_sound(tmp_path / "s" / "b.wav", make_hit(1).scaled(0.5))
    library.add(tmp_path / "s")
    with writing(library.engine) as connection:  # as a scan that was killed leaves it
        connection.execute(NEAR.delete())
        connection.execute(ITEM.update().values(compared=False))
    assert len(library.groups()) == 1


def test_groups_by_union() -> None:
    kits = {"a": "1", "b": "1", "c": "2", "d": None, "e": None, "f": None}
    names = group_names(kits, [("b", "c"), ("d", "e"), ("gone", "f")])
    assert names["a"] == names["b"] == names["c"] == "1"
    assert names["d"] == names["e"] != names["f"]


@pytest.mark.real
@pytest.mark.slow
def test_planted_duplicates_of_real_sounds(real_data: Path) -> None:
    """Recall per change on 60 real sounds planted among 600, and few merges across kits."""
    found = measure(real_data, planted=60, among=600, seed=7)
    assert min(found.recall.values()) >= 0.85, found.recall
    assert np.mean(list(found.recall.values())) >= 0.96, found.recall
    assert len(found.across) <= 3, found.across
