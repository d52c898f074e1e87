"""m4a, mp4 and aac files through PyAV, which comes with the extra ``formats``."""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from woodshed.base.errors import UnreadableSound
from woodshed.base.files import printable

MP4_SUFFIXES = frozenset({".m4a", ".m4b", ".mp4", ".aac"})


def named_mp4(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that PyAV is needed."""
    return Path(path).suffix.lower() in MP4_SUFFIXES


def has_pyav() -> bool:
    """Whether the extra ``formats`` is installed."""
    return importlib.util.find_spec("av") is not None


def probe(path: str | os.PathLike[str]) -> tuple[int, int, int, str, str]:
    """Rate in Hz, channels, frames, container and encoding, as the file's own header states them."""
    av = _pyav(path)
    try:
        with open(path, "rb") as file, av.open(file) as container:
            stream = container.streams.audio[0]
            seconds = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
            rate = int(stream.codec_context.sample_rate)
            return (
                rate,
                int(stream.codec_context.channels),
                round(seconds * rate),
                "MP4",
                stream.codec_context.name.upper(),
            )
    except (av.FFmpegError, IndexError, OSError) as error:
        raise _unreadable(path, error) from error


def blocks(path: str | os.PathLike[str], *, block_frames: int) -> Iterator[tuple[np.ndarray, int]]:
    """Decoded blocks, float32 ``(channels, frames)``, each with its rate in Hz."""
    av = _pyav(path)
    kept: list[np.ndarray] = []
    count, rate = 0, 0
    try:
        with open(path, "rb") as file, av.open(file) as container:
            stream = container.streams.audio[0]
            rate = int(stream.codec_context.sample_rate)
            resampler = av.AudioResampler(format="fltp")  # only the number format changes, never the rate
            for packet in container.demux(stream):
                for frame in packet.decode():
                    for part in resampler.resample(frame):
                        kept.append(part.to_ndarray())
                        count += kept[-1].shape[1]
                while count >= block_frames:
                    joined = np.concatenate(kept, axis=1)
                    yield joined[:, :block_frames], rate
                    kept, count = [joined[:, block_frames:]], count - block_frames
    except (av.FFmpegError, IndexError, OSError) as error:
        raise _unreadable(path, error) from error
    if count:
        yield np.concatenate(kept, axis=1), rate
    elif not rate:
        raise _unreadable(path, ValueError("no frames"))


def _pyav(path: str | os.PathLike[str]) -> ModuleType:
    try:
        import av
    except ImportError as error:
        raise UnreadableSound(
            f"{printable(path)} is an m4a or mp4 file, and PyAV is not installed",
            cause="reading these formats is an extra",
            way_out='pip install "woodshed[formats]", or export the sound as WAV or FLAC',
        ) from error
    return av


def _unreadable(path: str | os.PathLike[str], error: Exception) -> UnreadableSound:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return UnreadableSound(
        f"{printable(path)} is not a sound that can be read here ({reason})",
        cause="a damaged file, a protected purchase or a video without sound",
        way_out="open it in an audio editor and export it as WAV or FLAC",
    )


def reads_here() -> bool:
    """Whether a short AAC file, made in memory, can be decoded on this machine."""
    av = importlib.import_module("av")
    content = io.BytesIO()
    try:
        with av.open(content, "w", format="mp4") as container:
            stream = container.add_stream("aac", rate=48000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
            frame.sample_rate = 48000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        content.seek(0)
        with av.open(content) as container:
            return any(frame.samples for frame in container.decode(audio=0))
    except (av.FFmpegError, ValueError, OSError):
        return False
