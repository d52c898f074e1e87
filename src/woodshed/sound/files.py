"""Sound files in and out: read, look into, stream and write, through libsndfile.

m4a, mp4 and aac go through PyAV (see :mod:`woodshed.sound.mp4`). Nothing here resamples, mixes or clips by itself.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from woodshed.base.errors import UnreadableSound, UnusableSound, UsageError
from woodshed.base.files import atomic_path, printable
from woodshed.base.units import gain_to_db
from woodshed.sound import mp4
from woodshed.sound.chunks import NO_TAGS, WavTags, declared_audio, embed_tags
from woodshed.sound.sound import Sound

PathLike = str | os.PathLike[str]

LIBSNDFILE_SUFFIXES = frozenset(
    {".wav", ".wave", ".bwf", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"}
    | {".caf", ".au", ".snd"}
)
SOUND_SUFFIXES = LIBSNDFILE_SUFFIXES | mp4.MP4_SUFFIXES

# suffix -> (libsndfile container, the encoding used unless another is asked for)
_CONTAINERS: dict[str, tuple[str, str]] = {
    ".wav": ("WAV", "PCM_24"),
    ".wave": ("WAV", "PCM_24"),
    ".rf64": ("RF64", "PCM_24"),
    ".w64": ("W64", "PCM_24"),
    ".aif": ("AIFF", "PCM_24"),
    ".aiff": ("AIFF", "PCM_24"),
    ".caf": ("CAF", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_WRITE_BLOCK_FRAMES = 1 << 15  # lossy encoders of libsndfile keep a whole write on the stack
_RIFF_LIMIT_BYTES = 0xFFFF0000


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
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.zeros((2, 480)), 48000))
    >>> probe_sound(path)
    SoundInfo(sample_rate_hz=48000, channels=2, frames=480, container='WAV', encoding='PCM_24')
    """
    if mp4.is_mp4(path):
        return SoundInfo(*mp4.probe(_regular(path)))
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
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.full(100, 0.25), 1000))
    >>> read_sound(path, start_s=0.02, duration_s=0.05)
    Sound(1 ch, 0.050 s, 1000 Hz)
    """
    if mp4.is_mp4(path):
        return _joined(path, start_s=start_s, duration_s=duration_s)
    with _opened(path) as file:
        start, wanted = _span(path, file.samplerate, file.frames, start_s=start_s, duration_s=duration_s)
        data = _decode(path, file, start=start, frames=wanted)
        if file.subtype not in _BITS:
            _refuse_not_finite(data, path)
        return Sound(data.T, file.samplerate)


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
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.zeros(150), 1000))
    >>> [block.frames for block in stream_sound(path, block_frames=100)]
    [100, 50]
    """
    if block_frames < 1:
        raise UsageError(
            f"A block of {block_frames} frames is not possible", cause="a typing slip", way_out="use 65536"
        )
    if mp4.is_mp4(path):
        for block, rate in mp4.blocks(_regular(path), block_frames=block_frames):
            _refuse_not_finite(block, path)
            yield Sound(block, rate)
        return
    with _opened(path) as file:
        _refuse_empty(file.frames, path)
        done = 0
        while done < file.frames:
            data = _decode(path, file, start=None, frames=min(block_frames, file.frames - done), before=done)
            _refuse_not_finite(data, path)
            done += len(data)
            yield Sound(data.T, file.samplerate)


def write_sound(
    path: PathLike,
    sound: Sound,
    *,
    encoding: str | None = None,
    tags: WavTags | None = None,
    overwrite: bool = True,
) -> Path:
    """Write a sound whole or not at all; the suffix names the container.

    Parameters
    ----------
    path
        Ends in .wav, .aiff, .flac, .ogg, .opus, .mp3, .caf, .w64 or .rf64.
    sound
        Amplitudes up to and including full scale (1.0) for integer encodings.
    encoding
        libsndfile's word: PCM_16, PCM_24, PCM_32, FLOAT, DOUBLE, VORBIS, OPUS, MPEG_LAYER_III...
        None is 24-bit where the container knows integers.
    tags
        Loop points, tempo and text; WAV takes all, other containers the text.
    overwrite
        False refuses to replace a file.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Notes
    -----
    Integers are rounded to the nearest step (ties to even), no dither, and read back to the same integer.

    Raises
    ------
    UnusableSound
        If the sound is empty, holds NaN or infinity, or would clip in an integer encoding.
    UsageError
        If container and encoding do not fit, or the file exists and must stay.
    DiskProblem
        If the disk is full or refuses; the old file, if any, is untouched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.flac"
    >>> write_sound(path, Sound(np.zeros(100), 44100)).name
    'tone.flac'
    """
    target = Path(path)
    container, encoding = _container(target, encoding, sound)
    _refuse_empty(sound.frames, target)
    _refuse_not_finite(sound.data, target)
    if encoding in _BITS:
        _refuse_clipping(sound, target, encoding)
    if not overwrite and os.path.lexists(target):
        raise UsageError(
            f"{printable(target)} is already there", cause="an earlier run wrote it", way_out="choose another name"
        )
    tags = tags or NO_TAGS
    content = _encoded(sound, target, container=container, encoding=encoding, text=tags.text)
    if container in ("WAV", "RF64"):
        embed_tags(content, tags, sample_rate_hz=sound.sample_rate_hz)
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        file.write(content.getbuffer())
    return target


# reading


@contextlib.contextmanager
def _opened(path: PathLike) -> Iterator[soundfile.SoundFile]:
    """A libsndfile handle that is surely closed; a refusal becomes an error that says why."""
    _regular(path)
    try:  # bytes carry names that are not valid UTF-8
        file = soundfile.SoundFile(os.fspath(path) if os.name == "nt" else os.fsencode(path))
    except soundfile.LibsndfileError as error:
        raise _why_unreadable(path, error) from error
    with file:
        yield file


def _regular(path: PathLike) -> PathLike:
    """The path, if an ordinary file stands there that may be read."""
    name = printable(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            if not os.access(path, os.R_OK):
                raise PermissionError
            return path
    except FileNotFoundError as error:
        raise UnreadableSound(
            f"{name} is not there",
            cause="it was moved, renamed or deleted",
            way_out="check the path, or add the folder again",
        ) from error
    except PermissionError as error:
        raise UnreadableSound(
            f"{name} may not be read by this user",
            cause="its permissions belong to someone else",
            way_out="give yourself the right to read it, for example with chmod u+r",
        ) from error
    except (OSError, ValueError) as error:  # name too long, a loop of links, a null byte
        raise UnreadableSound(
            f"{name} cannot be opened ({error})",
            cause="a link that leads in a circle or a damaged disk",
            way_out="copy the file anew",
        ) from error
    if stat.S_ISDIR(mode):
        raise UnreadableSound(
            f"{name} is a folder, not a sound",
            cause="a folder was named like a file",
            way_out="name the files inside it",
        )
    raise UnreadableSound(
        f"{name} is a device or a pipe, not a file",
        cause="a special file was given",
        way_out="record it to a file first",
    )


def _why_unreadable(path: PathLike, error: Exception) -> UnreadableSound:
    name = printable(path)
    if os.stat(path).st_size == 0:
        return UnreadableSound(
            f"{name} is an empty file (0 bytes)",
            cause="a copy or an export that was stopped",
            way_out="copy or export it again",
        )
    return UnreadableSound(
        f"{name} is not a sound that can be read here ({str(error).rpartition(': ')[2].rstrip('.') or error})",
        cause="another kind of file with the ending of a sound, or a damaged header",
        way_out="open it in an audio editor and export it as WAV or FLAC",
    )


def _span(path: PathLike, rate_hz: int, frames: int, *, start_s: float, duration_s: float | None) -> tuple[int, int]:
    """First frame and number of frames of a section, inside the file."""
    _refuse_empty(frames, path)
    start = round(start_s * rate_hz)
    if not 0 <= start < frames or (duration_s is not None and not duration_s > 0):
        raise UsageError(
            f"{printable(path)} lasts {frames / rate_hz:.3f} s; there is no section from {start_s} s of {duration_s} s",
            cause="the section was meant for another file",
            way_out="start before the end and take more than 0 s",
        )
    left = frames - start
    return start, left if duration_s is None else min(left, max(1, round(duration_s * rate_hz)))


def _decode(
    path: PathLike, file: soundfile.SoundFile, *, start: int | None, frames: int, before: int = 0
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Exactly so many frames, ``(frames, channels)``, or an error that says where the file stops."""
    try:
        if start:
            file.seek(start)
        data = file.read(frames, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, MemoryError, ValueError) as error:
        raise _cut_off(path, file, before, error=error) from error
    at_end = before + (start or 0) + len(data) >= file.frames
    if len(data) < frames or (at_end and file.format in _CHUNKED and _is_cut_off(path, file)):
        raise _cut_off(path, file, before + (start or 0) + len(data))
    return data


_CHUNKED = frozenset({"WAV", "WAVEX", "RF64", "AIFF"})


def _is_cut_off(path: PathLike, file: soundfile.SoundFile) -> bool:
    """Whether a chunked file promises more audio than it holds (libsndfile reads such a file without a word)."""
    audio = declared_audio(path)
    return audio is not None and audio.available_bytes < audio.declared_bytes


def _cut_off(
    path: PathLike, file: soundfile.SoundFile, frames: int, *, error: Exception | None = None
) -> UnreadableSound:
    audio = declared_audio(path) if file.format in _CHUNKED else None
    whole = file.frames
    if audio is not None and audio.available_bytes and audio.declared_bytes > audio.available_bytes:
        whole = round(file.frames * audio.declared_bytes / audio.available_bytes)
    there = f"after {frames / file.samplerate:.3f} s" if frames else "on the way"
    return UnreadableSound(
        f"{printable(path)} is cut off or damaged: it stops {there} of {whole / file.samplerate:.3f} s",
        cause="a download, a copy or a recording that was interrupted",
        way_out="copy or export it again",
    )


def _joined(path: PathLike, *, start_s: float, duration_s: float | None) -> Sound:
    """A file that can only be streamed, in one piece."""
    pieces = list(stream_sound(path))
    whole = Sound(np.concatenate([piece.data for piece in pieces], axis=1), pieces[0].sample_rate_hz)
    start, frames = _span(path, whole.sample_rate_hz, whole.frames, start_s=start_s, duration_s=duration_s)
    return whole if frames == whole.frames else whole.section(start, start + frames)


# refusals


def _refuse_empty(frames: int, path: PathLike) -> None:
    if frames < 1:
        raise UnusableSound(
            f"{printable(path)} has no audio in it (0 frames)",
            cause="an export that was stopped",
            way_out="export it again",
        )


def _refuse_not_finite(data: np.ndarray, path: PathLike) -> None:
    if not np.isfinite(data).all():
        raise UnusableSound(
            f"{printable(path)} holds values that are not numbers (NaN or infinity)",
            cause="a plug-in that blew up while rendering",
            way_out="render it again",
        )


def _refuse_clipping(sound: Sound, path: Path, encoding: str) -> None:
    if sound.peak > 1.0:
        over_db = gain_to_db(sound.peak)
        raise UnusableSound(
            f"{printable(path)} would clip as {encoding}: its peak is {over_db:+.2f} dB over full scale",
            cause="a sound was made louder than integers can hold",
            way_out=f"lower it by {max(over_db, 0.01):.2f} dB, or write it with encoding='FLOAT'",
        )


# writing


def _container(path: Path, encoding: str | None, sound: Sound) -> tuple[str, str]:
    known = _CONTAINERS.get(path.suffix.lower())
    if known is None:
        raise UsageError(
            f"{printable(path)}: a file ending in {printable(path.suffix) or 'nothing'!r} cannot be written",
            cause="the ending is missing or names a format that is only read",
            way_out=f"use one of {', '.join(sorted(_CONTAINERS))}",
        )
    container, usual = known
    encoding = (encoding or usual).upper()
    if container == "WAV" and sound.frames * sound.channels * 4 > _RIFF_LIMIT_BYTES:
        container = "RF64"
    if not soundfile.check_format(container, encoding):
        fitting = ", ".join(sorted(soundfile.available_subtypes(container)))
        raise UsageError(
            f"{printable(path)}: {container} cannot hold the encoding {encoding}",
            cause="the encoding belongs to another container",
            way_out=f"use one of {fitting}",
        )
    return container, encoding


def _encoded(sound: Sound, path: Path, *, container: str, encoding: str, text: Mapping[str, str]) -> io.BytesIO:
    """The whole file in memory, so that what the disk refuses is refused in one place, by name."""
    content = io.BytesIO()
    try:
        with soundfile.SoundFile(
            content, "w", sound.sample_rate_hz, sound.channels, subtype=encoding, format=container
        ) as file:
            for key, value in text.items():
                if container not in ("WAV", "RF64"):
                    setattr(file, key, value)
            for start in range(0, sound.frames, _WRITE_BLOCK_FRAMES):
                file.write(_as_written(sound.data[:, start : start + _WRITE_BLOCK_FRAMES], encoding))
    except soundfile.LibsndfileError as error:
        raise UsageError(
            f"{printable(path)}: {container} {encoding} cannot hold {sound.channels} channels at {sound.sample_rate_hz} Hz",
            cause="the format knows only some rates and channel counts",
            way_out="write WAV or FLAC, or ask for another rate with sound.resampled(48000)",
        ) from error
    return content


def _as_written(data: np.ndarray, encoding: str) -> np.ndarray:
    """A block as libsndfile takes it, ``(frames, channels)``: integers already rounded, in the upper bits of 32."""
    bits = _BITS.get(encoding)
    if bits is None:
        return np.ascontiguousarray(data.T)
    top = 2.0 ** (bits - 1)
    steps = np.clip(np.rint(data.T.astype(np.float64) * top), -top, top - 1).astype(np.int64)
    return np.ascontiguousarray((steps << (32 - bits)).astype(np.int32))
