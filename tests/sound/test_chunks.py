"""Loop points, tempo and text: written, read back the same, and safe against files that lie."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sound.sounds import noise, tone, wav_bytes
from woodshed.base.errors import UnreadableSound, UsageError
from woodshed.sound import LoopPoint, Sound, TempoTag, WavTags, read_sound, read_tags, write_sound, write_tags

RECEIPT = json.dumps({"task": "generate", "seed": 7, "author": "Zoë 🥁 \u0100", "inputs": ["a" * 64] * 400})
FULL = WavTags(
    loops=(LoopPoint(0, 2205), LoopPoint(100, 101)),
    root_pitch_midi=57.37,
    tempo=TempoTag(bpm=120.37, beats=8),
    text={"INAM": "Groove", "ICMT": RECEIPT, "ISFT": "Woodshed", "IART": "Zoë"},
)


@pytest.mark.parametrize("encoding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize(("suffix", "channels"), [(".wav", 1), (".wav", 2), (".wav", 7), (".rf64", 1)])
def test_tags_come_back_the_same_and_the_audio_does_not_notice(
    tmp_path: Path, suffix: str, channels: int, encoding: str
) -> None:
    """2205 frames of one channel make a chunk of an odd size in 8 and 24 bits."""
    sound = noise(channels=channels, seconds=0.05)
    bare = read_sound(write_sound(tmp_path / f"bare{suffix}", sound, encoding=encoding))
    path = write_sound(tmp_path / f"a{suffix}", sound, encoding=encoding, tags=FULL)
    assert read_tags(path) == FULL
    np.testing.assert_array_equal(read_sound(path).data, bare.data)
    assert path.stat().st_size % 2 == 0
    declared = struct.unpack("<Q", path.read_bytes()[20:28])[0] if suffix == ".rf64" else None
    declared = declared or struct.unpack("<I", path.read_bytes()[4:8])[0]
    assert declared == path.stat().st_size - 8


@settings(max_examples=40, deadline=None)
@given(
    loops=st.lists(
        st.tuples(st.integers(0, 999), st.integers(1, 1000)).filter(lambda pair: pair[0] < pair[1]), max_size=5
    ),
    pitch=st.none() | st.floats(0, 127.99).map(lambda value: round(value, 3)),
    bpm=st.none() | st.floats(20, 999).map(lambda value: round(value, 2)),
    beats=st.integers(0, 10_000),
    one_shot=st.booleans(),
    text=st.dictionaries(
        st.sampled_from(["INAM", "IART", "ICMT", "ICOP", "ISFT", "XY12"]),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
    ),
)
def test_any_tags_come_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    loops: list[tuple[int, int]],
    pitch: float | None,
    bpm: float | None,
    beats: int,
    one_shot: bool,
    text: dict[str, str],
) -> None:
    tempo = None if bpm is None else TempoTag(bpm, beats, one_shot)
    tags = WavTags(tuple(LoopPoint(*pair) for pair in loops), pitch, tempo, text)
    path = tmp_path_factory.mktemp("tags") / "a.wav"
    assert read_tags(write_sound(path, Sound(np.zeros(1000), 1000), tags=tags)) == tags


def test_another_reader_sees_the_text_the_loop_and_the_tempo(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(seconds=0.05), tags=FULL)
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.artist) == ("Groove", "Zoë"), "short text stands before the long receipt"
        log = file.extra_info
    for line in (r"Loop Count\s*: 2", r"Tempo\s*: 120\.37", r"Beats\s*: 8"):
        assert re.search(line, log), line


def test_tags_are_replaced_without_growing_or_touching_the_audio(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(seconds=0.05, channels=1), tags=FULL)
    audio, size = read_sound(path).data, path.stat().st_size
    for _ in range(3):
        write_tags(path, FULL)
    assert path.stat().st_size == size
    write_tags(path, WavTags())
    assert read_tags(path) == WavTags()
    np.testing.assert_array_equal(read_sound(path).data, audio)


def test_tags_before_the_audio_are_read_and_replaced(tmp_path: Path) -> None:
    content = wav_bytes(bytes(200))
    words = b"INFO" + struct.pack("<4sI", b"INAM", 5) + b"Caf\xe9\0\0"
    early = struct.pack("<4sI", b"LIST", len(words)) + words
    path = tmp_path / "a.wav"
    path.write_bytes(content[:12] + early + content[12:])
    assert read_tags(path).text == {"INAM": "Café"}, "bytes that are no UTF-8 are of the old days"
    write_tags(path, WavTags(text={"IART": "me"}))
    assert read_tags(path).text == {"IART": "me"}
    assert read_sound(path).frames == 100


def test_extensible_and_rf64_files_are_tagged(tmp_path: Path) -> None:
    for container in ("WAVEX", "RF64"):
        path = tmp_path / f"{container}.wav"
        soundfile.write(path, noise(seconds=0.05).data.T, 44100, format=container, subtype="PCM_24")
        audio = read_sound(path).data
        write_tags(path, FULL)
        assert read_tags(path) == FULL
        np.testing.assert_array_equal(read_sound(path).data, audio)


@pytest.mark.parametrize("suffix", [".flac", ".aiff", ".ogg", ".opus", ".mp3", ".caf"])
def test_other_formats_keep_the_text(tmp_path: Path, suffix: str) -> None:
    text = {"INAM": "Zoë 🥁", "IART": "Zoë", "ICMT": "short"}
    path = write_sound(tmp_path / f"a{suffix}", tone(), tags=WavTags(text=text))
    assert read_tags(path).text == text


@pytest.mark.parametrize("suffix", [".flac", ".ogg"])
def test_receipts_fit_into_flac_and_ogg(tmp_path: Path, suffix: str) -> None:
    path = write_sound(tmp_path / f"a{suffix}", tone(), tags=WavTags(text={"ICMT": RECEIPT}))
    assert read_tags(path).text == {"ICMT": RECEIPT}


@pytest.mark.parametrize("suffix", [".aiff", ".caf", ".w64"])
def test_text_that_would_be_lost_is_refused_before_anything_is_written(tmp_path: Path, suffix: str) -> None:
    """An AIFF with more than 8 kB of text could not even be opened again."""
    with pytest.raises(UsageError, match=r"cannot keep the text ICMT as it is.*Way out: write a \.wav or \.flac"):
        write_sound(tmp_path / f"a{suffix}", tone(), tags=WavTags(text={"ICMT": RECEIPT}))
    assert not list(tmp_path.iterdir())


def test_the_software_is_named_without_the_signature_of_a_library(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", tone(), tags=WavTags(text={"ISFT": "Woodshed 0.1"}))
    assert read_tags(path).text == {"ISFT": "Woodshed 0.1"}


def test_what_another_format_cannot_keep_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"FLAC cannot keep XY12, loop points, root pitch or tempo.*write a \.wav"):
        write_sound(tmp_path / "a.flac", tone(), tags=WavTags(tempo=TempoTag(120.0, 4), text={"XY12": "?"}))
    with pytest.raises(UsageError, match=r"is FLAC; only a WAV can be tagged in place"):
        write_tags(write_sound(tmp_path / "a.flac", tone()), WavTags())


def test_a_loop_behind_the_end_is_refused(tmp_path: Path) -> None:
    tags = WavTags(loops=(LoopPoint(0, 1001),))
    with pytest.raises(UsageError, match=r"has 1000 frames, but a loop point ends at frame 1001.*set the loop again"):
        write_sound(tmp_path / "a.wav", Sound(np.zeros(1000), 1000), tags=tags)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WavTags(root_pitch_midi=128.0), "root pitch of 128.0 .*0 to 127"),
        (lambda: WavTags(loops=(LoopPoint(5, 5),)), "loop from frame 5 to 5"),
        (lambda: WavTags(tempo=TempoTag(0.0, 4)), "tempo of 0.0 bpm"),
        (lambda: WavTags(tempo=TempoTag(float("nan"), 4)), "tempo of nan bpm"),
        (lambda: WavTags(text={"TITLE": "x"}), "text key 'TITLE'.*four letters"),
        (lambda: WavTags(text={"INAM": "a\0b"}), "text under INAM.*null"),
    ],
)
def test_impossible_tags_are_refused_at_once(make: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()  # type: ignore[operator]


def test_a_file_that_is_no_sound_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(UnreadableSound):
        read_tags(tmp_path / "a.wav")


# files that lie


def _with_chunk(name: bytes, size: int, content: bytes) -> bytes:
    return wav_bytes(bytes(200)) + struct.pack("<4sI", name, size) + content


@pytest.mark.parametrize("name", [b"LIST", b"smpl", b"acid", b"junk"])
@pytest.mark.parametrize("size", [0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
def test_sizes_that_lie_are_cut_at_the_end_of_the_file(tmp_path: Path, name: bytes, size: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(_with_chunk(name, size, b"INFOINAM\xff\xff\xff\xffhello"))
    tags = read_tags(path)
    assert tags.loops == ()
    assert tags.text in ({}, {"INAM": "hello"})


def test_a_sampler_chunk_that_claims_a_million_loops_gives_those_that_are_there(tmp_path: Path) -> None:
    one = struct.pack("<6I", 0, 0, 10, 19, 0, 0)
    content = struct.pack("<9I", 0, 0, 0, 60, 0, 0, 0, 1_000_000, 0) + one
    path = tmp_path / "a.wav"
    path.write_bytes(_with_chunk(b"smpl", len(content), content))
    assert read_tags(path) == WavTags(loops=(LoopPoint(10, 20),), root_pitch_midi=60.0)


@pytest.mark.parametrize("bpm", [float("nan"), float("inf"), -120.0, 0.0, 3e38])
def test_a_tempo_that_cannot_be_is_left_out(tmp_path: Path, bpm: float) -> None:
    content = struct.pack("<IHHfIHHf", 0, 60, 0x8000, 0.0, 8, 4, 4, bpm)
    path = tmp_path / "a.wav"
    path.write_bytes(_with_chunk(b"acid", len(content), content))
    assert read_tags(path).tempo is None


def test_a_flood_of_empty_chunks_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(bytes(200)) + struct.pack("<4sI", b"junk", 0) * 100_000)
    assert read_tags(path) == WavTags()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_tags_are_left_out_and_never_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("tags") / "a.wav"
    tags = WavTags(FULL.loops, FULL.root_pitch_midi, FULL.tempo, {"INAM": "Groove", "IART": "Zoë"})
    content = bytearray(write_sound(path, Sound(np.zeros(2300), 44100), tags=tags).read_bytes())
    start = content.index(b"smpl")
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(start, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(start, len(content)))])
    assert isinstance(read_tags(path), WavTags)


def test_endless_words_in_a_strange_file_are_cut_and_not_refused(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", Sound(np.zeros(100), 44100), tags=WavTags(text={"INAM": "x"}))
    words = b"INFOICMT" + struct.pack("<I", 5_000_000) + b"y" * 5_000_000
    content = path.read_bytes() + b"LIST" + struct.pack("<I", len(words)) + words
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    assert len(read_tags(path).text["ICMT"]) == 4 << 20
