"""The bad files of this world: each gets an account that names the file, the likely cause and the way out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sound.sounds import cut, noise, tone, wav_bytes
from woodshed.base.errors import UnreadableSound, UnusableSound, WoodshedError
from woodshed.sound import Sound, probe_sound, read_sound, read_tags, stream_sound, write_sound


def _text(folder: Path) -> Path:
    (folder / "x.wav").write_text("dear diary, this is no sound at all\n" * 20)
    return folder / "x.wav"


def _empty(folder: Path) -> Path:
    (folder / "x.wav").touch()
    return folder / "x.wav"


def _folder(folder: Path) -> Path:
    (folder / "x.wav").mkdir()
    return folder / "x.wav"


def _circle(folder: Path) -> Path:
    (folder / "x.wav").symlink_to("y.wav")
    (folder / "y.wav").symlink_to("x.wav")
    return folder / "x.wav"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "x.wav")
    return folder / "x.wav"


def _no_frames(folder: Path) -> Path:
    (folder / "x.wav").write_bytes(wav_bytes(b""))
    return folder / "x.wav"


def _not_finite(value: float) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        data = np.full(500, 0.1, dtype=np.float32)
        data[250] = value
        soundfile.write(folder / "x.wav", data, 44100, subtype="FLOAT")
        return folder / "x.wav"

    return make


def _cut_to(suffix: str, share: float) -> Callable[[Path], Path]:
    return lambda folder: cut(write_sound(folder / f"x{suffix}", noise(seconds=1.0)), share)


BAD: dict[str, tuple[Callable[[Path], Path], type[WoodshedError], str]] = {
    "a text file": (
        _text,
        UnreadableSound,
        "is not a sound that can be read here .*another kind of file.*export it as WAV",
    ),
    "an empty file": (_empty, UnreadableSound, r"is an empty file \(0 bytes\).*stopped.*copy or export it again"),
    "a folder": (_folder, UnreadableSound, "is a folder, not a sound.*named like a file.*name the files inside"),
    "a circle of links": (_circle, UnreadableSound, "cannot be opened .*leads in a circle.*copy the file"),
    "a pipe": (_pipe, UnreadableSound, "is a device or a pipe.*record it to a file first"),
    "nothing": (lambda f: f / "x.wav", UnreadableSound, "is not there.*moved, renamed or deleted.*check the path"),
    "0 frames": (_no_frames, UnusableSound, r"has no audio in it \(0 frames\).*stopped.*export it again"),
    "NaN": (_not_finite(np.nan), UnusableSound, r"not numbers \(NaN or infinity\).*plug-in.*render it again"),
    "infinity": (_not_finite(np.inf), UnusableSound, r"not numbers \(NaN or infinity\).*plug-in.*render it again"),
    "a cut WAV": (
        _cut_to(".wav", 0.5),
        UnreadableSound,
        r"stops after 0\.500 s of 1\.000 s.*interrupted.*copy or export",
    ),
    "a cut AIFF": (_cut_to(".aiff", 0.5), UnreadableSound, r"stops after 0\.500 s of 1\.000 s.*interrupted.*copy or"),
    "a cut FLAC": (
        _cut_to(".flac", 0.5),
        UnreadableSound,
        r"stops .* of 1\.000 s.*interrupted.*copy or export it again",
    ),
    "half a header": (_cut_to(".wav", 0.0001), UnreadableSound, "x.wav is .*Likely cause: .*export"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_gets_a_clear_account(tmp_path: Path, name: str) -> None:
    make, kind, words = BAD[name]
    path = make(tmp_path)
    for read in (read_sound, lambda p: list(stream_sound(p, block_frames=100))):
        with pytest.raises(kind, match=words) as caught:
            read(path)
        text = str(caught.value)
        assert str(path) in text
        assert "Likely cause: " in text
        assert "Way out: " in text


def test_an_unreadable_file_says_whose_fault_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sound(tmp_path / "x.wav", tone())

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("woodshed.sound.files.os.open", refuse)
    with pytest.raises(UnreadableSound, match=r"may not be read by this user.*permissions.*chmod u\+r"):
        read_sound(path)


def test_a_cut_stream_gives_what_is_there_and_then_raises(tmp_path: Path) -> None:
    path = cut(write_sound(tmp_path / "x.wav", noise(seconds=1.0, channels=1)), 0.5)
    heard: list[Sound] = []
    with pytest.raises(UnreadableSound, match="cut off"):
        heard.extend(stream_sound(path, block_frames=1000))
    assert sum(block.frames for block in heard) >= 21_000


def test_a_name_with_control_characters_is_printed_safely(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"evil\n\x1b[31m\xff.wav")
    path.write_text("no sound")
    with pytest.raises(UnreadableSound) as caught:
        read_sound(path)
    assert str(caught.value).isprintable()
    assert r"evil\n\x1b[31m\xff.wav" in str(caught.value)


# what looks bad but is sound


def test_one_frame_is_a_sound(tmp_path: Path) -> None:
    for suffix in (".wav", ".flac", ".aiff"):
        assert read_sound(write_sound(tmp_path / f"x{suffix}", Sound(np.array([0.5]), 44100))).frames == 1


def test_silence_is_read_and_named_when_checked(tmp_path: Path) -> None:
    sound = read_sound(write_sound(tmp_path / "x.wav", Sound(np.zeros((2, 100)), 44100)))
    assert sound.peak == 0.0
    with pytest.raises(UnusableSound, match=r"x\.wav is silent \(peak below -100 dB\).*muted.*unmute"):
        sound.checked(name="x.wav")


def test_8_khz_8_bit_mono(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav_bytes(bytes([0, 64, 128, 192, 255]), bits=8))
    sound = read_sound(tmp_path / "x.wav")
    assert sound.sample_rate_hz == 8000
    assert sound.data[0].tolist() == [-1.0, -0.5, 0.0, 0.5, 127 / 128]


def test_192_khz_and_7_channels(tmp_path: Path) -> None:
    sound = noise(channels=7, rate_hz=192_000, seconds=0.02)
    heard = read_sound(write_sound(tmp_path / "x.wav", sound, encoding="FLOAT"))
    np.testing.assert_array_equal(heard.data, sound.data)
    assert heard.sample_rate_hz == 192_000


def test_a_wav_whose_writer_could_not_seek_back_is_whole(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(wav_bytes(bytes(2000), declared=0xFFFFFFFF))
    assert read_sound(tmp_path / "x.wav").frames == 1000


def test_audio_behind_a_long_chunk_is_found_and_its_cut_seen(tmp_path: Path) -> None:
    content = wav_bytes(bytes(2000))
    long = b"junk" + (6000).to_bytes(4, "little") + bytes(6000)
    (tmp_path / "x.wav").write_bytes(content[:12] + long + content[12:])
    assert read_sound(tmp_path / "x.wav").frames == 1000
    (tmp_path / "y.wav").write_bytes((content[:12] + long + content[12:])[:-1000])
    with pytest.raises(UnreadableSound, match=r"stops after 0\.062 s of 0\.125 s"):
        read_sound(tmp_path / "y.wav")


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".flac", ".ogg"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_an_account_or_a_sound_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    content = bytearray(write_sound(folder / f"x{suffix}", noise(seconds=0.02, channels=1)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(120, len(content) - 1)))] = data.draw(st.integers(0, 255))
    path = folder / f"y{suffix}"
    path.write_bytes(content)
    for look in (probe_sound, read_tags, read_sound):
        try:
            found = look(path)
        except WoodshedError as error:
            found = str(error)
        assert not isinstance(found, str) or "Way out: " in found
        assert not isinstance(found, Sound) or np.isfinite(found.data).all()
