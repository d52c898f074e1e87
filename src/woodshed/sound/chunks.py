"""What a WAV says beside its audio: loop points, tempo and text, read and written chunk by chunk.

A WAV is a list of chunks, each with a four-letter name and a size. Loop points stand in ``smpl``, tempo in ``acid``,
words in ``LIST INFO``. Sizes are never believed beyond the end of the file.

References
----------
Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0 (1991), and its New Multimedia Data
Types (1994) for ``smpl``; EBU Tech 3306 (2009) for RF64.
"""

from __future__ import annotations

import io
import math
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from woodshed.base.errors import UnreadableSound, UsageError

MAX_CHUNKS = 4096
MAX_LOOPS = 1024
MAX_TEXT_BYTES = 16 << 20
_STREAMED_BYTES = 0x7FFF0000  # sizes from here on are placeholders of writers that could not seek back
_NO_ROOT_PITCH = 0x5753  # stands in the product field of smpl when loops were given without a pitch
_RIFF_FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class LoopPoint:
    """A stretch that repeats, from ``start_frame`` up to and without ``stop_frame``."""

    start_frame: int
    stop_frame: int


MOST_BPM = 100_000  # a tempo that a file says lies below it


@dataclass(frozen=True)
class TempoTag:
    """Tempo and length of a loop; ``one_shot`` says that it is a single hit which a DAW should not stretch."""

    bpm: float
    beats: int
    one_shot: bool = False


@dataclass(frozen=True)
class WavTags:
    """Everything a sound file can say beside its audio.

    Parameters
    ----------
    loops
        Stretches that repeat, in frames.
    root_pitch_midi
        The note at which the sound plays untransposed, 0 to 127 with cents as decimals (kept to 1e-6).
    tempo
        Tempo (kept to 1e-4 bpm) and beats.
    text
        INFO keys of four letters (``INAM`` title, ``IART`` artist, ``ICMT`` comment, ``ICOP`` copyright, ``ISFT``
        software...) to any text without null characters.

    Raises
    ------
    UsageError
        If a value cannot be written down.

    Examples
    --------
    >>> WavTags(tempo=TempoTag(bpm=120.0, beats=8), text={"INAM": "Groove"}).text["INAM"]
    'Groove'
    """

    loops: tuple[LoopPoint, ...] = ()
    root_pitch_midi: float | None = None
    tempo: TempoTag | None = None
    text: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pitch = self.root_pitch_midi
        if pitch is not None and not 0 <= pitch < 128:
            raise _impossible(f"A root pitch of {pitch}", "MIDI notes go from 0 to 127")
        for loop in self.loops:
            if not 0 <= loop.start_frame < loop.stop_frame <= _RIFF_FULL:
                raise _impossible(f"A loop from frame {loop.start_frame} to {loop.stop_frame}", "it must not end first")
        if len(self.loops) > MAX_LOOPS:
            raise _impossible(f"{len(self.loops)} loop points", f"a file keeps up to {MAX_LOOPS}")
        if self.tempo and not (0 < self.tempo.bpm < MOST_BPM and 0 <= self.tempo.beats <= _RIFF_FULL):
            raise _impossible(
                f"A tempo of {self.tempo.bpm} bpm over {self.tempo.beats} beats", "a slip in a name or form"
            )
        for key, value in self.text.items():
            if not (len(key) == 4 and key.isascii() and key.isalnum()):
                raise _impossible(f"The text key {key!r}", "keys are four letters such as INAM, IART or ICMT")
            if "\0" in value or len(value) > MAX_TEXT_BYTES // 4:
                raise _impossible(
                    f"The text under {key}", "it holds a null character or is longer than 4 million letters"
                )


NO_TAGS = WavTags()


def _impossible(what: str, cause: str) -> UsageError:
    return UsageError(f"{what} cannot be written into a sound file", cause=cause, way_out="correct it, or leave it out")


@dataclass(frozen=True)
class Chunk:
    """One chunk: where its content starts, how long it says it is and how much of that is there."""

    name: bytes
    offset: int
    declared_bytes: int
    available_bytes: int

    @property
    def end(self) -> int:
        """Where the next chunk starts if this one tells the truth (chunks begin on even bytes)."""
        return self.offset + self.declared_bytes + (self.declared_bytes & 1)


def iter_chunks(file: BinaryIO, *, file_bytes: int | None = None) -> Iterator[Chunk]:
    """The chunks of a RIFF, RF64 or AIFF file in order.

    Parameters
    ----------
    file
        The file, or its beginning; where it stops, the list stops.
    file_bytes
        Size of the whole file where ``file`` is only its beginning.
    """
    end = file.seek(0, os.SEEK_END) if file_bytes is None else file_bytes
    file.seek(0)
    form = file.read(12)
    if len(form) < 12 or form[:4] not in (b"RIFF", b"RF64", b"FORM"):
        return
    number = ">I" if form[:4] == b"FORM" else "<I"
    long_data_bytes: int | None = None
    position = 12
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = head[:4], struct.unpack(number, head[4:])[0]
        if name == b"ds64":
            long_data_bytes = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))[1]
        if name == b"data" and size == _RIFF_FULL and long_data_bytes is not None:
            size = long_data_bytes
        chunk = Chunk(name, position + 8, size, max(0, min(size, end - position - 8)))
        yield chunk
        position = chunk.end


def audio_chunk(file: BinaryIO, *, file_bytes: int | None = None) -> Chunk | None:
    """The chunk that holds the audio of a WAV or AIFF, or None if it was not found in ``file``."""
    for chunk in iter_chunks(file, file_bytes=file_bytes):
        if chunk.name in (b"data", b"SSND"):
            return chunk
    return None


def is_cut_off(audio: Chunk) -> bool:
    """Whether the audio chunk promises more than the file holds; placeholders of streaming writers promise nothing."""
    return audio.available_bytes < audio.declared_bytes < _STREAMED_BYTES


# reading


def chunk_tags(file: BinaryIO) -> WavTags:
    """The tags of a WAV; what is damaged is left out, never an error."""
    loops: tuple[LoopPoint, ...] = ()
    pitch: float | None = None
    tempo: TempoTag | None = None
    text: dict[str, str] = {}
    for chunk in list(iter_chunks(file)):
        if chunk.name not in (b"smpl", b"acid", b"LIST"):
            continue
        file.seek(chunk.offset)
        content = file.read(min(chunk.available_bytes, MAX_TEXT_BYTES))
        if chunk.name == b"smpl":
            loops, pitch = _loops(content)
        elif chunk.name == b"acid":
            tempo = _tempo(content)
        elif content[:4] == b"INFO":
            text.update(_info(content))
    return WavTags(loops, pitch, tempo, text)


def _loops(content: bytes) -> tuple[tuple[LoopPoint, ...], float | None]:
    if len(content) < 36:
        return (), None
    maker, product, _, note, fraction, _, _, count, _ = struct.unpack_from("<9I", content)
    pitch = round(note + fraction / 2**32, 6) if note < 128 else None
    if maker == 0 and product == _NO_ROOT_PITCH:
        pitch = None
    loops = []
    for index in range(min(count, MAX_LOOPS, (len(content) - 36) // 24)):
        _, _, start, last, _, _ = struct.unpack_from("<6I", content, 36 + 24 * index)
        if start <= last < _RIFF_FULL:
            loops.append(LoopPoint(start, last + 1))
    return tuple(loops), None if pitch is not None and pitch >= 128 else pitch


def _tempo(content: bytes) -> TempoTag | None:
    if len(content) < 24:
        return None
    flags, beats, bpm = struct.unpack_from("<I8xI4xf", content)
    sane = math.isfinite(bpm) and 1e-3 < bpm < 99_999
    return TempoTag(round(bpm, 4), beats, bool(flags & 1)) if sane else None


def _info(content: bytes) -> dict[str, str]:
    text: dict[str, str] = {}
    position = 4
    while position + 8 <= len(content) and len(text) < MAX_CHUNKS:
        key, size = struct.unpack_from("<4sI", content, position)
        value = content[position + 8 : position + 8 + size]
        if key.isalnum() and key.isascii():
            text[key.decode("ascii")] = _decoded(value.split(b"\0", 1)[0])[: MAX_TEXT_BYTES // 4]
        position += 8 + size + (size & 1)
    return text


def _decoded(value: bytes) -> str:
    """Text of today (UTF-8), or of the days when every country had its own bytes."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


# writing


def embed_tags(file: BinaryIO, tags: WavTags, *, sample_rate_hz: int) -> None:
    """Replace the tags of a WAV that is open for reading and writing.

    Old tag chunks at the end are cut away, others are turned into ``JUNK``, which every reader skips; the audio is not
    touched.

    Raises
    ------
    UnreadableSound
        If the file is no RIFF or RF64 file.
    """
    file.seek(0)
    form = file.read(4)
    chunks = list(iter_chunks(file))
    if form not in (b"RIFF", b"RF64") or not chunks:
        raise UnreadableSound(
            "The file is no WAV", cause="another format under this name", way_out="write it as WAV first"
        )
    while chunks and _is_tag(file, chunks[-1]):
        chunks.pop()
    for chunk in chunks:
        if _is_tag(file, chunk):
            file.seek(chunk.offset - 8)
            file.write(b"JUNK")
    file.seek(0, os.SEEK_END)
    end = min(chunks[-1].end, file.tell() + 1)
    file.seek(end - 1)
    if not file.read(1):  # the last chunk has an odd size and its padding byte was not written
        file.write(b"\0")
    file.truncate(end)
    file.seek(end)
    file.write(_tag_chunks(tags, sample_rate_hz=sample_rate_hz))
    _write_riff_size(file, form)


def _is_tag(file: BinaryIO, chunk: Chunk) -> bool:
    if chunk.name in (b"smpl", b"acid"):
        return True
    file.seek(chunk.offset)
    return chunk.name == b"LIST" and file.read(4) == b"INFO"


def _write_riff_size(file: BinaryIO, form: bytes) -> None:
    size = file.seek(0, os.SEEK_END) - 8
    if form == b"RF64":
        file.seek(20)
        file.write(struct.pack("<Q", size))
    else:
        file.seek(4)
        file.write(struct.pack("<I", min(size, _RIFF_FULL)))


def _tag_chunks(tags: WavTags, *, sample_rate_hz: int) -> bytes:
    out = io.BytesIO()
    if tags.loops or tags.root_pitch_midi is not None:
        out.write(_chunk(b"smpl", _loops_written(tags, sample_rate_hz=sample_rate_hz)))
    if tags.tempo:
        out.write(_chunk(b"acid", _tempo_written(tags)))
    if tags.text:
        shortest_first = sorted(tags.text.items(), key=lambda pair: len(pair[1]))  # some readers stop at a long one
        words = [_chunk(key.encode(), value.encode("utf-8", "replace") + b"\0") for key, value in shortest_first]
        out.write(_chunk(b"LIST", b"INFO" + b"".join(words)))
    return out.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) & 1)


def _loops_written(tags: WavTags, *, sample_rate_hz: int) -> bytes:
    pitch = tags.root_pitch_midi
    note, fraction = _note_and_fraction(60.0 if pitch is None else pitch)
    product = _NO_ROOT_PITCH if pitch is None else 0
    period_ns = round(1e9 / sample_rate_hz)
    head = struct.pack("<9I", 0, product, period_ns, note, fraction, 0, 0, len(tags.loops), 0)
    rows = (
        struct.pack("<6I", index, 0, loop.start_frame, loop.stop_frame - 1, 0, 0)
        for index, loop in enumerate(tags.loops)
    )
    return head + b"".join(rows)


def _note_and_fraction(pitch_midi: float) -> tuple[int, int]:
    """A MIDI note and the part of a semitone above it, in 2**-32."""
    note = math.floor(pitch_midi)
    return note, min(_RIFF_FULL, round((pitch_midi - note) * 2**32))


def _tempo_written(tags: WavTags) -> bytes:
    tempo, pitch = tags.tempo, tags.root_pitch_midi
    assert tempo is not None
    flags = (1 if tempo.one_shot else 4) | (0 if pitch is None else 2)
    root = 60 if pitch is None else min(127, round(pitch))
    return struct.pack("<IHHfIHHf", flags, root, 0x8000, 0.0, tempo.beats, 4, 4, tempo.bpm)
