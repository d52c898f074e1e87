"""What names say: classes, tempo, key, kind."""

from __future__ import annotations

import pytest

from woodshed.library.facts import facts_of, kit_from_path
from woodshed.library.manifest import ManifestRow
from woodshed.library.name_facts import guess_bpm, guess_key, guess_kind
from woodshed.library.names import guess_class, says_how_sorted


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("Kick_808_03.wav", "kick"),
        ("BD0010.WAV", "kick"),
        ("BD Long 1.wav", "kick"),
        ("bassdrum-2.aif", "kick"),
        ("Bass Drum 2.wav", "kick"),
        ("KickDrum0003.wav", "kick"),
        ("SD1.wav", "snare"),
        ("Snr.wav", "snare"),
        ("Snare (brush) 04.flac", "snare"),
        ("frankensnare-12.flac", "snare"),
        ("snare_rim_2.wav", "rim"),
        ("RS.wav", "rim"),
        ("SideStick-01.wav", "rim"),
        ("HH_03.wav", "hat-closed"),
        ("CH 2.wav", "hat-closed"),
        ("hat_closed.wav", "hat-closed"),
        ("HiHat-Open.wav", "hat-open"),
        ("OpenHat_12.wav", "hat-open"),
        ("OH.wav", "hat-open"),
        ("hat pedal 1.wav", "hat-pedal"),
        ("CP_01.wav", "clap"),
        ("HandClap.wav", "clap"),
        ("LT01.wav", "tom"),
        ("MT.wav", "tom"),
        ("HT-2.wav", "tom"),
        ("Floor Tom v2.wav", "tom"),
        ("CB.wav", "cowbell"),
        ("CowBell3.wav", "cowbell"),
        ("CY_1.wav", "cymbal"),
        ("RD 01.wav", "cymbal-ride"),
        ("Crash Cymbal 16in.wav", "cymbal-crash"),
        ("cymbal-crash-2.wav", "cymbal-crash"),
        ("Tamb_1.wav", "tambourine"),
        ("Shkr 8ths.wav", "shaker"),
        ("Perc 12.wav", "perc"),
        ("Bass_C1.wav", "bass"),
        ("Sub 40hz.wav", "bass"),
        ("pluck03.wav", "pluck"),
        ("WarmPad.wav", "pad"),
        ("VOX_chop.wav", "vocal"),
        ("fx riser 2.wav", "riser"),
        ("noise sweep.wav", "fx"),
        ("uzu_bd-12.flac", "kick"),
        ("crate dust hh 3.wav", "hat-closed"),
        ("berklee_sd.wav", "snare"),
    ],
)
def test_class_from_a_file_name(name: str, class_name: str) -> None:
    guess = guess_class([name])
    assert guess is not None
    assert guess.class_name == class_name


@pytest.mark.parametrize(
    "name",
    [
        "01.wav",
        "Bounce of a lost idea.wav",
        "chorus.wav",
        "that one.wav",
        "children.wav",
        "ohio.wav",
        "track.wav",
        "dusty sh 2.wav",
        "my ma.wav",
        "old rd home.wav",
        "Take 3rd.wav",
        "yamaha cp70.wav",
        "hey oh.wav",
        "casio ht 700.wav",
    ],
)
def test_names_that_say_nothing(name: str) -> None:
    assert guess_class([name]) is None


def test_file_name_beats_folder_name() -> None:
    assert guess_class(["Snares", "Kick 01.wav"]).class_name == "kick"  # type: ignore[union-attr]
    assert guess_class(["Drums", "Snares", "01.wav"]).class_name == "snare"  # type: ignore[union-attr]


def test_a_vague_file_name_yields_to_a_folder_that_says_more() -> None:
    assert guess_class(["Shakers", "perc_02.wav"]).class_name == "shaker"  # type: ignore[union-attr]


def test_a_code_behind_other_words_says_nothing_in_a_folder_and_less_than_a_word() -> None:
    assert guess_class(["field recordings sd", "01.wav"]) is None
    assert guess_class(["noise_sd.wav"]).class_name == "fx"  # type: ignore[union-attr]


def test_words_of_the_library_are_understood() -> None:
    assert guess_class(["Stuff", "zorp_7.wav"]) is None
    assert guess_class(["zorp_7.wav"], vocabulary={"zorp"}).class_name == "zorp"  # type: ignore[union-attr]
    assert guess_class(["Crash-Cymbal.wav"], vocabulary={"cymbal-crash"}).class_name == "cymbal-crash"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("parts", "duration_s", "bpm"),
    [
        (["groove_128bpm.wav"], 3.0, 128.0),
        (["groove 128 BPM Amin.wav"], 3.0, 128.0),
        (["bpm_92_break.wav"], 3.0, 92.0),
        (["174.5bpm.wav"], 3.0, 174.5),
        (["120bpm", "loop3.wav"], 3.0, 120.0),
        (["funk_92_a.wav"], 8 * 60 / 92, 92.0),
        (["funk_92_a.wav"], 3.0, None),
        (["Kick_92.wav"], 0.4, None),
        (["TR-808_kick_03.wav"], 0.5, None),
        (["999bpm.wav"], 3.0, None),
        (["loop_90_120.wav"], 16 * 60 / 90, 90.0),
        (["loop.wav"], 2.0, None),
    ],
)
def test_bpm_from_a_name(parts: list[str], duration_s: float, bpm: float | None) -> None:
    assert guess_bpm(parts, duration_s=duration_s) == bpm


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Pad Cmin.wav", "C minor"),
        ("bass_F#m_120.wav", "F# minor"),
        ("lead-Bbmaj.wav", "Bb major"),
        ("keys A minor.wav", "A minor"),
        ("synth_C#_03.wav", "C#"),
        ("128bpm Gmaj.wav", "G major"),
        ("pad_ebmin.wav", "Eb minor"),
        ("A kick.wav", None),
        ("I am here.wav", None),
        ("administer.wav", None),
        ("Dm7 chord.wav", None),
        ("Em.wav", "E minor"),
    ],
)
def test_key_from_a_name(name: str, key: str | None) -> None:
    assert guess_key([name]) == key


def test_kind() -> None:
    assert guess_kind(["Loops", "a.wav"], duration_s=4.0, bpm=None) == "loop"
    assert guess_kind(["Drum Loops", "kick one shot.wav"], duration_s=0.4, bpm=None) == "oneshot"
    assert guess_kind(["a.wav"], duration_s=4 * 60 / 90 * 2, bpm=90.0) == "loop"
    assert guess_kind(["a.wav"], duration_s=0.3, bpm=120.0) == "oneshot"
    assert guess_kind(["a.wav"], duration_s=200.0, bpm=None) == "recording"


def test_folders_that_only_sort_are_no_kit() -> None:
    assert says_how_sorted("Kicks")
    assert says_how_sorted("One Shots 2")
    assert not says_how_sorted("Muldjord")
    assert kit_from_path("/s/Kicks/a.wav", root="/s") is None
    assert kit_from_path("/s/a.wav", root="/s") is None
    assert kit_from_path("/s/Muldjord/Kicks/a.wav", root="/s") == "s/Muldjord"
    assert kit_from_path("/s/Toms/floor_vl3_rr1.wav", root="/s") == kit_from_path(
        "/s/Toms/floor_vl1_rr2.wav", root="/s"
    )


def test_a_manifest_speaks_before_the_name() -> None:
    row = ManifestRow(kind="note", class_name="gong", group="Java", bpm=80.0, key="D minor", pitch_midi=50.0)
    facts = facts_of("/s/Kick 120bpm.wav", root="/s", row=row, duration_s=1.0, vocabulary=())
    assert (facts.class_name, facts.class_source, facts.kit, facts.kind) == ("gong", "manifest", "Java", "note")
    assert (facts.bpm, facts.key, facts.pitch_midi) == (80.0, "D minor", 50.0)
    bare = facts_of("/s/Kick 120bpm.wav", root="/s", row=None, duration_s=0.3, vocabulary=())
    assert (bare.class_name, bare.class_source, bare.bpm, bare.kind) == ("kick", "name", 120.0, "oneshot")
