"""Sound files in: what they are, whole, in part, or as a stream of blocks, through libsndfile.

m4a, mp4 and aac go through PyAV (see :mod:`woodshed.sound.mp4`). Nothing here resamples, mixes or clips.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile

from woodshed.base.errors import UnreadableSound, UnusableSound, UsageError
from woodshed.base.files import printable
from woodshed.sound import mp4
from woodshed.sound.chunks import Chunk, audio_chunk, is_cut_off
from woodshed.sound.sound import Audio, Sound

PathLike = str | os.PathLike[str]

SOUND_SUFFIXES = mp4.MP4_SUFFIXES | frozenset(
    {".wav", ".wave", ".bwf", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"}
    | {".caf", ".au", ".snd"}
)
INTEGER_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_CHUNKED = frozenset({"WAV", "WAVEX", "RF64", "AIFF"})
_HEAD_BYTES = 4096
_DESK_NUMBERS = 1 << 20
_DESKS = threading.local()


@dataclass(frozen=True)
class SoundInfo:
    """What a file says of its sound, without decoding it.

    ``container`` and ``encoding`` are libsndfile's words (``WAV``, ``PCM_24``) or, for m4a, PyAV's (``MP4``, ``AAC``).
    """

    sample_rate_hz: int
    channels: int
    frames: int
    container: str
    encoding: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz


def probe_sound(path: PathLike) -> SoundInfo:
    """Say what a file holds without decoding it.

    Raises
    ------
    UnreadableSound
        If the file is missing, locked, cut off in its header or no sound.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from woodshed.sound import write_sound
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.zeros((2, 480)), 48000))
    >>> probe_sound(path)
    SoundInfo(sample_rate_hz=48000, channels=2, frames=480, container='WAV', encoding='PCM_24')
    """
    head = _looked_at(path)
    if head.is_mp4:
        return SoundInfo(*mp4.probe(path))
    with _opened(path) as file:
        return SoundInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def read_sound(path: PathLike, *, start_s: float = 0.0, duration_s: float | None = None) -> Sound:
    """Decode a file, or a part of it, at its own rate and with all its channels.

    Parameters
    ----------
    path
        Any file whose suffix is in ``SOUND_SUFFIXES``; what counts is the content, not the suffix.
    start_s, duration_s
        Where to begin and how much to take, in seconds; the end of the file ends the sound.

    Returns
    -------
    Sound
        float32 ``(channels, frames)``; 8 to 24-bit integers and 32-bit floats arrive exactly. Silence is a sound.

    Raises
    ------
    UnreadableSound
        If the file is missing, locked, no sound, or stops before its own end.
    UnusableSound
        If it holds no frames, NaN or infinity.
    UsageError
        If ``start_s`` lies behind the end.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from woodshed.sound import write_sound
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.full(100, 0.25), 1000))
    >>> read_sound(path, start_s=0.02, duration_s=0.05)
    Sound(1 ch, 0.050 s, 1000 Hz)
    """
    head = _looked_at(path)
    if head.is_mp4:
        return _joined(path, start_s=start_s, duration_s=duration_s)
    with _opened(path) as file:
        start, frames = _span(path, file.samplerate, file.frames, start_s=start_s, duration_s=duration_s)
        _go_to(head, file, start)
        return _decoded(head, file, start=start, frames=frames)


def stream_sound(path: PathLike, *, block_frames: int = 65536) -> Iterator[Sound]:
    """Decode a file block by block, so that hours need no more memory than seconds.

    Every block but the last has ``block_frames`` frames. A file that stops before its own end gives what is there and
    then raises.

    Raises
    ------
    UnreadableSound, UnusableSound
        As :func:`read_sound`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from woodshed.sound import write_sound
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.zeros(150), 1000))
    >>> [block.frames for block in stream_sound(path, block_frames=100)]
    [100, 50]
    """
    if block_frames < 1:
        raise UsageError(
            f"A block of {block_frames} frames is not possible", cause="a typing slip", way_out="use 65536"
        )
    head = _looked_at(path)
    if head.is_mp4:
        for block, rate_hz in mp4.blocks(path, block_frames=block_frames):
            refuse_not_finite(block, path)
            yield Sound(block, rate_hz)
        return
    with _opened(path) as file:
        refuse_empty(file.frames, path)
        for start in range(0, file.frames, block_frames):
            yield _decoded(head, file, start=start, frames=min(block_frames, file.frames - start))


# the way in


@dataclass(frozen=True)
class _Head:
    """The first bytes of an ordinary file that may be read, and its size."""

    path: PathLike
    file_bytes: int
    first: bytes

    @property
    def is_mp4(self) -> bool:
        """Whether PyAV is needed: an ISO container by its own word, raw AAC by its name."""
        return self.first[4:8] == b"ftyp" or (self.first[:1] == b"\xff" and mp4.named_mp4(self.path))

    def audio(self) -> Chunk | None:
        """The audio chunk of a WAV or AIFF."""
        found = audio_chunk(io.BytesIO(self.first), file_bytes=self.file_bytes)
        if found is None and self.file_bytes > len(self.first):
            with open(self.path, "rb") as file:
                found = audio_chunk(file)
        return found


def _looked_at(path: PathLike) -> _Head:
    """Open, look and close: a clear refusal for everything that is not a file one may read."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode):
                return _Head(path, status.st_size, os.read(handle, _HEAD_BYTES))
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise _why_closed(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise _why_closed(path, IsADirectoryError())
    raise UnreadableSound(
        f"{printable(path)} is a device or a pipe, not a file",
        cause="a special file was given",
        way_out="record it to a file first",
    )


def _why_closed(path: PathLike, error: Exception) -> UnreadableSound:
    name = printable(path)
    if isinstance(error, FileNotFoundError):
        cause, way_out = "it was moved, renamed or deleted", "check the path, or add the folder again"
        return UnreadableSound(f"{name} is not there", cause=cause, way_out=way_out)
    if isinstance(error, IsADirectoryError):
        cause, way_out = "a folder was named like a file", "name the files inside it, or add the folder as a whole"
        return UnreadableSound(f"{name} is a folder, not a sound", cause=cause, way_out=way_out)
    if isinstance(error, PermissionError):
        cause = "its permissions belong to someone else"
        way_out = "give yourself the right to read it, for example with chmod u+r"
        return UnreadableSound(f"{name} may not be read by this user", cause=cause, way_out=way_out)
    reason = getattr(error, "strerror", None) or str(error)
    cause = "a link that leads in a circle, a name that is too long, or a failing disk"
    return UnreadableSound(f"{name} cannot be opened ({reason})", cause=cause, way_out="copy the file to another place")


class _StraightOn(soundfile.SoundFile):
    """A file read from front to back: soundfile would seek after every read, and libsndfile loses its place in an
    MP3 whenever it seeks (what follows is silent or wrong)."""

    def seekable(self) -> bool:
        """Not to be sought in by soundfile itself."""
        return False


@contextlib.contextmanager
def _opened(path: PathLike) -> Iterator[soundfile.SoundFile]:
    """A libsndfile handle that is surely closed; a refusal becomes an error that says why."""
    try:  # bytes carry names that are not valid UTF-8
        name = os.fspath(path) if os.name == "nt" else os.fsencode(path)
        file = _StraightOn(name)  # pyright: ignore[reportArgumentType]  # bytes are taken, only not declared
    except soundfile.LibsndfileError as error:
        raise _why_unreadable(path, error) from error
    with file:
        yield file


def _why_unreadable(path: PathLike, error: soundfile.LibsndfileError) -> UnreadableSound:
    name = printable(path)
    if os.path.getsize(path) == 0:  # noqa: PTH202 - a Path would not take every name
        cause, way_out = "a copy or an export that was stopped", "copy or export it again"
        return UnreadableSound(f"{name} is an empty file (0 bytes)", cause=cause, way_out=way_out)
    return UnreadableSound(
        f"{name} is not a sound that can be read here ({error.error_string.rstrip('.')})",
        cause="another kind of file with the ending of a sound, or a damaged header",
        way_out="open it in an audio editor and export it as WAV or FLAC",
    )


def _span(
    path: PathLike, sample_rate_hz: int, frames: int, *, start_s: float, duration_s: float | None
) -> tuple[int, int]:
    """First frame and number of frames of a section, inside the file."""
    refuse_empty(frames, path)
    start = round(start_s * sample_rate_hz) if math.isfinite(start_s) else -1
    if not 0 <= start < frames or (duration_s is not None and not duration_s > 0):
        length = "to the end" if duration_s is None else f"of {duration_s} s"
        raise UsageError(
            f"{printable(path)} lasts {frames / sample_rate_hz:.3f} s; it has no section from {start_s} s {length}",
            cause="the section was meant for another file",
            way_out="start before the end and take more than 0 s",
        )
    left = frames - start
    return start, left if duration_s is None else min(left, max(1, round(duration_s * sample_rate_hz)))


def _go_to(head: _Head, file: soundfile.SoundFile, start: int) -> None:
    """Move on to a frame; an MP3 is decoded up to there."""
    if file.format == "MP3":
        step = 65536
        for done in range(0, start, step):
            _decoded(head, file, start=done, frames=min(step, start - done))
    elif start:
        file.seek(start)


def _decoded(head: _Head, file: soundfile.SoundFile, *, start: int, frames: int) -> Sound:
    """Exactly so many finite frames, or an error that says where the file stops."""
    try:
        desk = _desk(frames, file.channels)
        decoded = len(file.read(frames, out=desk.T))
    except (soundfile.LibsndfileError, MemoryError, ValueError) as error:
        raise _stops(head, file) from error
    if decoded < frames:
        raise _stops(head, file, after_frames=start + decoded)
    if start + frames == file.frames and file.format in _CHUNKED:  # libsndfile shortens such a file without a word
        audio = head.audio()
        if audio is not None and is_cut_off(audio):
            whole = round(file.frames * audio.declared_bytes / max(1, audio.available_bytes))
            raise _stops(head, file, after_frames=file.frames, whole_frames=whole)
    if file.subtype not in INTEGER_BITS:
        refuse_not_finite(desk, head.path)
    desk.setflags(write=False)
    return Sound(desk, file.samplerate)


def _desk(frames: int, channels: int) -> Audio:
    """Memory to decode into, ``(channels, frames)`` whose transpose is what libsndfile fills.

    One channel becomes the sound's own memory. Several must be taken apart anyway, so a desk is kept for them per
    thread, since fresh memory costs as much as decoding does.
    """
    numbers = frames * channels
    if channels == 1 or numbers > _DESK_NUMBERS:
        return np.empty((channels, frames), dtype=np.float32, order="F")
    if not hasattr(_DESKS, "numbers"):
        _DESKS.numbers = np.empty(_DESK_NUMBERS, dtype=np.float32)
    return _DESKS.numbers[:numbers].reshape(frames, channels).T


def _stops(
    head: _Head, file: soundfile.SoundFile, *, after_frames: int | None = None, whole_frames: int | None = None
) -> UnreadableSound:
    whole_s = (whole_frames or file.frames) / file.samplerate
    where = "on the way" if after_frames is None else f"after {after_frames / file.samplerate:.3f} s"
    return UnreadableSound(
        f"{printable(head.path)} is cut off or damaged: it stops {where} of {whole_s:.3f} s",
        cause="a download, a copy or a recording that was interrupted",
        way_out="copy or export it again",
    )


def _joined(path: PathLike, *, start_s: float, duration_s: float | None) -> Sound:
    """A section of a file that can only be streamed, in one piece."""
    pieces = list(stream_sound(path))
    refuse_empty(len(pieces), path)
    whole = Sound(np.concatenate([piece.data for piece in pieces], axis=1), pieces[0].sample_rate_hz)
    start, frames = _span(path, whole.sample_rate_hz, whole.frames, start_s=start_s, duration_s=duration_s)
    return whole if frames == whole.frames else whole.section(start, start + frames)


# what neither way lets through


def refuse_empty(frames: int, path: PathLike) -> None:
    """Raise ``UnusableSound`` if there is nothing to hear."""
    if frames < 1:
        raise UnusableSound(
            f"{printable(path)} has no audio in it (0 frames)",
            cause="an export that was stopped",
            way_out="export it again",
        )


def refuse_not_finite(data: Audio, path: PathLike) -> None:
    """Raise ``UnusableSound`` if a value is NaN or infinite."""
    if not np.isfinite(data).all():
        raise UnusableSound(
            f"{printable(path)} holds values that are not numbers (NaN or infinity)",
            cause="a plug-in that blew up while rendering",
            way_out="render it again",
        )
