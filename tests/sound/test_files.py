"""Round trips through every format, parts of files, streams."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sound.sounds import noise, tone
from woodshed.base.errors import UnreadableSound, UsageError
from woodshed.sound import SOUND_SUFFIXES, Sound, probe_sound, read_sound, stream_sound, write_sound

INTEGERS = [
    (".wav", "PCM_U8", 8),
    (".wav", "PCM_16", 16),
    (".wav", "PCM_24", 24),
    (".wav", "PCM_32", 32),
    (".aiff", "PCM_S8", 8),
    (".aiff", "PCM_16", 16),
    (".aiff", "PCM_24", 24),
    (".flac", "PCM_16", 16),
    (".flac", "PCM_24", 24),
    (".w64", "PCM_24", 24),
    (".rf64", "PCM_24", 24),
    (".caf", "PCM_24", 24),
]


@pytest.mark.parametrize(("suffix", "encoding", "bits"), INTEGERS)
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_integers_are_rounded_to_the_nearest_step_and_come_back_the_same(
    tmp_path: Path, suffix: str, encoding: str, bits: int, channels: int
) -> None:
    odd = encoding != "PCM_S8"  # libsndfile pads an odd 8-bit AIFF by one frame
    sound = noise(channels=channels, seconds=(2205 if odd else 2206) / 44100)
    heard = read_sound(write_sound(tmp_path / f"a{suffix}", sound, encoding=encoding))
    assert (heard.sample_rate_hz, heard.data.shape) == (sound.sample_rate_hz, sound.data.shape)
    step = 2.0 ** (1 - bits)
    inside = sound.data < 1 - step
    assert np.abs(heard.data - sound.data)[inside].max() <= step / 2 + 1e-7
    again = read_sound(write_sound(tmp_path / f"b{suffix}", heard, encoding=encoding))
    np.testing.assert_array_equal(again.data, heard.data)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 48000, 96000, 192000])
def test_any_rate_comes_back_exactly_as_float(tmp_path: Path, rate_hz: int) -> None:
    sound = noise(rate_hz=rate_hz, seconds=0.02).scaled(4.0)
    path = write_sound(tmp_path / "a.wav", sound, encoding="FLOAT")
    heard = read_sound(path)
    np.testing.assert_array_equal(heard.data, sound.data)
    info = probe_sound(path)
    assert (info.sample_rate_hz, info.channels, info.frames, info.encoding) == (rate_hz, 2, sound.frames, "FLOAT")
    assert info.duration_s == sound.duration_s


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".mp3"])
def test_lossy_formats_sound_alike(tmp_path: Path, suffix: str) -> None:
    sound = tone(channels=2)
    heard = read_sound(write_sound(tmp_path / f"a{suffix}", sound))
    assert (heard.sample_rate_hz, heard.channels) == (48000, 2)
    frames = min(heard.frames, sound.frames)
    assert frames > 0.98 * sound.frames
    assert np.corrcoef(heard.data[0, :frames], sound.data[0, :frames])[0, 1] > 0.98


def test_the_default_is_24_bit_wav(tmp_path: Path) -> None:
    info = probe_sound(write_sound(tmp_path / "a.wav", tone()))
    assert (info.container, info.encoding) == ("WAV", "PCM_24")


def test_writing_agrees_with_an_independent_reader(tmp_path: Path) -> None:
    """16-bit integers as Python's own wave module sees them."""
    import wave

    sound = Sound(np.array([[0.5, -0.5, 0.25 / 32768, 0.75 / 32768, 1.0, -1.0]]), 8000)
    with wave.open(str(write_sound(tmp_path / "a.wav", sound, encoding="PCM_16"))) as file:
        integers = np.frombuffer(file.readframes(6), dtype="<i2")
    assert integers.tolist() == [16384, -16384, 0, 1, 32767, -32768]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("block_frames", [1, 1000, 65536])
def test_a_stream_is_the_whole_in_pieces(tmp_path: Path, suffix: str, block_frames: int) -> None:
    path = write_sound(tmp_path / f"a{suffix}", tone(seconds=0.03 if block_frames == 1 else 0.3))
    whole = read_sound(path)
    blocks = list(stream_sound(path, block_frames=block_frames))
    assert all(block.frames == block_frames for block in blocks[:-1])
    joined = np.concatenate([block.data for block in blocks], axis=1)
    assert joined.shape == whole.data.shape
    np.testing.assert_allclose(joined, whole.data, atol=1e-6)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg", ".opus", ".mp3"])
@settings(max_examples=12, deadline=None)
@given(start=st.integers(0, 23_999), frames=st.integers(1, 30_000))
def test_a_part_is_a_part_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, start: int, frames: int
) -> None:
    path = tmp_path_factory.mktemp("part") / f"a{suffix}"
    whole = read_sound(write_sound(path, noise(seconds=0.5, rate_hz=48_000, channels=1)))
    part = read_sound(path, start_s=start / 48_000, duration_s=frames / 48_000)
    np.testing.assert_allclose(part.data, whole.data[:, start : start + frames], atol=1e-5)


@pytest.mark.parametrize(
    ("start_s", "duration_s"), [(0.5, None), (-0.1, None), (0.0, 0.0), (0.0, -1.0), (float("nan"), 1.0)]
)
def test_a_part_outside_the_file_names_its_length(tmp_path: Path, start_s: float, duration_s: float | None) -> None:
    path = write_sound(tmp_path / "a.wav", tone(seconds=0.5))
    with pytest.raises(UsageError, match=r"a\.wav lasts 0\.500 s.*Way out: start before the end"):
        read_sound(path, start_s=start_s, duration_s=duration_s)


def test_three_hours_are_streamed_in_little_memory(tmp_path: Path) -> None:
    """8 kHz, 8 bit, mono, sparse on disk; the whole as floats would be 346 MB."""
    path = tmp_path / "three hours.wav"
    frames = 3 * 3600 * 8000
    soundfile.write(path, np.zeros(1), 8000, subtype="PCM_U8")
    with path.open("r+b") as file:
        head = file.read(44)
        file.seek(4)
        file.write((36 + frames).to_bytes(4, "little"))
        file.seek(40)
        file.write(frames.to_bytes(4, "little"))
        file.truncate(len(head) + frames)
    assert probe_sound(path).duration_s == 3 * 3600
    tracemalloc.start()
    heard = sum(block.frames for block in stream_sound(path))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert heard == frames
    assert peak_bytes < 8_000_000
    assert read_sound(path, start_s=2 * 3600 + 59 * 60, duration_s=0.5).frames == 4000


def test_names_of_any_kind(tmp_path: Path) -> None:
    names = [
        "new\nline.wav",
        "'quotes\" and spaces.wav",
        "🥁 ä.wav",
        os.fsdecode(b"caf\xe9.wav"),
        "-dash.wav",
        "a" * 240 + ".wav",
    ]
    for name in names:
        sound = noise(seconds=0.01)
        path = write_sound(tmp_path / name, sound)
        assert path in set(tmp_path.iterdir())
        assert read_sound(path).data.shape == sound.data.shape
        assert probe_sound(path).frames == sound.frames
        assert next(stream_sound(os.fspath(path))).frames == sound.frames


def test_what_counts_is_the_content_not_the_suffix(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.flac", tone()).rename(tmp_path / "a.wav")
    assert probe_sound(tmp_path / "a.wav").container == "FLAC"
    assert read_sound(tmp_path / "a.wav").sample_rate_hz == 48000


# m4a through PyAV


@pytest.fixture
def m4a(tmp_path: Path) -> Path:
    av = pytest.importorskip("av")
    path = tmp_path / os.fsdecode(b"voice \xe9.m4a")
    sound = tone(channels=2, seconds=1.0, rate_hz=44100)
    with path.open("wb") as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100, layout="stereo", bit_rate=192_000)
        for start in range(0, sound.frames, 1024):
            part = np.ascontiguousarray(sound.data[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 44100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_m4a_is_read_probed_and_streamed(m4a: Path) -> None:
    info = probe_sound(m4a)
    assert (info.sample_rate_hz, info.channels, info.container, info.encoding) == (44100, 2, "MP4", "AAC")
    heard = read_sound(m4a)
    assert heard.frames == pytest.approx(44100, abs=2100)
    assert info.frames == pytest.approx(heard.frames, abs=2100)
    spectrum = np.abs(np.fft.rfft(heard.data[0, 5000:35000]))
    assert np.argmax(spectrum) * 44100 / 30000 == pytest.approx(440.0, abs=2)
    joined = np.concatenate([block.data for block in stream_sound(m4a, block_frames=1000)], axis=1)
    np.testing.assert_array_equal(joined, heard.data)
    part = read_sound(m4a, start_s=0.5, duration_s=0.1)
    np.testing.assert_array_equal(part.data, heard.data[:, 22050 : 22050 + 4410])


def test_m4a_without_the_extra_names_the_extra(m4a: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UnreadableSound, match=r'PyAV is not installed.*Way out: pip install "woodshed\[formats\]"'):
        read_sound(m4a)


def test_a_broken_m4a_is_a_clean_error(m4a: Path) -> None:
    m4a.write_bytes(m4a.read_bytes()[:200])
    for look in (read_sound, probe_sound, lambda path: list(stream_sound(path))):
        with pytest.raises(UnreadableSound, match=r"not a sound that can be read here.*Way out: "):
            look(m4a)


def test_suffixes_are_lower_case_with_a_dot() -> None:
    assert {".wav", ".aif", ".aiff", ".flac", ".ogg", ".opus", ".mp3", ".m4a"} <= SOUND_SUFFIXES
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SOUND_SUFFIXES)


@pytest.mark.real
def test_real_sounds_are_decoded_as_soundfile_does(real_data: Path) -> None:
    paths = sorted((real_data / "oneshots").rglob("*.flac"))[::40]
    assert paths
    for path in paths:
        data, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        heard = read_sound(path)
        assert heard.sample_rate_hz == rate_hz
        np.testing.assert_array_equal(heard.data, data.T)
