"""Sound files out: whole or not at all, rounded right, never clipped behind one's back."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from woodshed.base.errors import UnusableSound, UsageError
from woodshed.base.files import atomic_path, printable
from woodshed.base.units import gain_to_db
from woodshed.sound.chunks import NO_TAGS, WavTags, chunk_tags, embed_tags
from woodshed.sound.files import INTEGER_BITS, PathLike, probe_sound, refuse_empty, refuse_not_finite
from woodshed.sound.sound import Audio, Sound

# suffix -> libsndfile's container and the encoding used unless another is asked for
CONTAINERS: dict[str, tuple[str, str]] = {
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
# INFO key -> libsndfile's word, for containers other than WAV
_TEXT_WORDS = {
    "INAM": "title",
    "IART": "artist",
    "ICMT": "comment",
    "ICOP": "copyright",
    "ISFT": "software",
    "ICRD": "date",
    "IPRD": "album",
    "IGNR": "genre",
}
_CHUNKED = frozenset({"WAV", "WAVEX", "RF64"})
_BLOCK_FRAMES = 1 << 15  # lossy encoders keep a whole write on the stack
_RIFF_LIMIT_BYTES = 0xFFFF0000


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
        Loop points, tempo and text. WAV takes all; FLAC, AIFF, OGG and others take the usual text only.
    overwrite
        False refuses to replace a file.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    UnusableSound
        If the sound is empty, holds NaN or infinity, or would clip in an integer encoding.
    UsageError
        If container and encoding do not fit, a tag cannot be kept, or the file exists and must stay.
    DiskProblem
        If the disk is full or refuses; the old file, if any, is untouched.

    Notes
    -----
    Integers are rounded to the nearest step (ties to even) without dither, and what was read from an integer file of
    up to 24 bits is written back to the very same integers. The encoded file is built in memory before the disk is
    touched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.flac"
    >>> write_sound(path, Sound(np.zeros(100), 44100)).name
    'tone.flac'
    """
    target = Path(path)
    tags = tags or NO_TAGS
    container, encoding = _container(target, encoding, sound)
    _refuse_unwritable(sound, target, encoding)
    _refuse_homeless_tags(tags, sound, target, container)
    if not overwrite and os.path.lexists(target):
        cause, way_out = "an earlier run wrote it", "choose another name"
        raise UsageError(f"{printable(target)} is already there", cause=cause, way_out=way_out)
    content = _encoded(sound, target, container=container, encoding=encoding, text=tags.text)
    if container in _CHUNKED:
        embed_tags(content, tags, sample_rate_hz=sound.sample_rate_hz)
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        file.write(content.getbuffer())
    return target


def read_tags(path: PathLike) -> WavTags:
    """What a file says beside its audio; a file that says nothing gives empty tags.

    WAV gives loop points, root pitch, tempo and text; FLAC, AIFF, OGG and MP3 give text. Damaged tags are left out.

    Raises
    ------
    UnreadableSound
        If the file is missing, locked or no sound.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> _ = write_sound(path, Sound(np.zeros(100), 44100), tags=WavTags(text={"INAM": "Tone"}))
    >>> read_tags(path).text
    {'INAM': 'Tone'}
    """
    info = probe_sound(path)
    if info.container in _CHUNKED:
        with open(path, "rb") as file:
            return chunk_tags(file)
    if info.container == "MP4":
        return NO_TAGS
    with soundfile.SoundFile(os.fspath(path) if os.name == "nt" else os.fsencode(path)) as file:  # pyright: ignore[reportArgumentType]
        return WavTags(text=_text_of(file))


def write_tags(path: PathLike, tags: WavTags) -> None:
    """Replace the tags of a WAV, whole or not at all; the audio stays as it is, bit for bit.

    Raises
    ------
    UnreadableSound
        If the file is missing, locked or no sound.
    UsageError
        If it is no WAV, or a loop point lies behind its end.
    DiskProblem
        If the disk is full or refuses; the old file stays.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = write_sound(pathlib.Path(tempfile.mkdtemp()) / "tone.wav", Sound(np.zeros(100), 44100))
    >>> write_tags(path, WavTags(root_pitch_midi=57.0))
    >>> read_tags(path).root_pitch_midi
    57.0
    """
    info = probe_sound(path)
    if info.container not in _CHUNKED:
        raise UsageError(
            f"{printable(path)} is {info.container}; only a WAV can be tagged in place",
            cause="other formats keep their text inside the audio stream",
            way_out="write the sound anew with its tags",
        )
    _refuse_late_loops(tags, info.frames, path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(Path(path).read_bytes())
        with temporary.open("r+b") as file:
            embed_tags(file, tags, sample_rate_hz=info.sample_rate_hz)


def _container(path: Path, encoding: str | None, sound: Sound) -> tuple[str, str]:
    known = CONTAINERS.get(path.suffix.lower())
    if known is None:
        ending = f"the ending {printable(path.suffix)}" if path.suffix else "no ending"
        raise UsageError(
            f"{printable(path)} has {ending}, so no format to write",
            cause="the ending was forgotten, or names a format that can only be read",
            way_out=f"use one of {', '.join(sorted(CONTAINERS))}",
        )
    container, usual = known
    encoding = (encoding or usual).upper()
    if container == "WAV" and sound.frames * sound.channels * _bytes_each(encoding) > _RIFF_LIMIT_BYTES:
        container = "RF64"
    if not soundfile.check_format(container, encoding):
        raise UsageError(
            f"{printable(path)}: {container} cannot hold the encoding {encoding}",
            cause="the encoding belongs to another format",
            way_out=f"use one of {', '.join(sorted(soundfile.available_subtypes(container)))}",
        )
    return container, encoding


def _bytes_each(encoding: str) -> int:
    return 8 if encoding == "DOUBLE" else INTEGER_BITS.get(encoding, 32) // 8


def _refuse_unwritable(sound: Sound, path: Path, encoding: str) -> None:
    refuse_empty(sound.frames, path)
    refuse_not_finite(sound.data, path)
    if encoding not in INTEGER_BITS or sound.peak <= 1.0:
        return
    over_db = gain_to_db(sound.peak)
    raise UnusableSound(
        f"{printable(path)} would clip as {encoding}: its peak is {over_db:+.2f} dB over full scale",
        cause="the sound was made louder than integers can hold",
        way_out=f"lower it by {max(over_db + 0.005, 0.01):.2f} dB, or write it as WAV with encoding='FLOAT'",
    )


def _refuse_homeless_tags(tags: WavTags, sound: Sound, path: Path, container: str) -> None:
    """Say so when a tag would be lost, rather than lose it."""
    _refuse_late_loops(tags, sound.frames, path)
    if container in _CHUNKED:
        return
    lost = sorted(set(tags.text) - set(_TEXT_WORDS))
    if tags.loops or tags.root_pitch_midi is not None or tags.tempo:
        lost += ["loop points, root pitch or tempo"]
    if lost:
        raise UsageError(
            f"{printable(path)}: {container} cannot keep {', '.join(lost)}",
            cause="these belong to WAV",
            way_out="write a .wav, or leave these tags out",
        )


def _refuse_late_loops(tags: WavTags, frames: int, path: PathLike) -> None:
    late = [loop for loop in tags.loops if loop.stop_frame > frames]
    if late:
        raise UsageError(
            f"{printable(path)} has {frames} frames, but a loop point ends at frame {late[0].stop_frame}",
            cause="the sound was trimmed or resampled after the loop was set",
            way_out="set the loop again on the finished sound",
        )


def _encoded(sound: Sound, path: Path, *, container: str, encoding: str, text: Mapping[str, str]) -> io.BytesIO:
    """The whole file in memory, so that what the disk refuses is refused in one place, by name."""
    content = io.BytesIO()
    try:
        with soundfile.SoundFile(
            content, "w", sound.sample_rate_hz, sound.channels, subtype=encoding, format=container
        ) as file:
            if container not in _CHUNKED:
                _set_text(file, text)
            for start in range(0, sound.frames, _BLOCK_FRAMES):
                file.write(_as_written(sound.data[:, start : start + _BLOCK_FRAMES], encoding))
    except soundfile.LibsndfileError as error:
        rate = f"{sound.channels} channels at {sound.sample_rate_hz} Hz"
        raise UsageError(
            f"{printable(path)}: {container} with {encoding} cannot hold {rate}",
            cause="this format knows only some rates and channel counts",
            way_out="write WAV or FLAC, or ask for another rate with sound.resampled(48000)",
        ) from error
    if text and container not in _CHUNKED:
        _refuse_lost_text(content, text, path, container)
    return content


def _set_text(file: soundfile.SoundFile, text: Mapping[str, str]) -> None:
    for key, value in text.items():
        with contextlib.suppress(soundfile.LibsndfileError):  # what was not taken is found when it is read back
            setattr(file, _TEXT_WORDS[key], value)


def _text_of(file: soundfile.SoundFile) -> dict[str, str]:
    words = file.copy_metadata()
    text = {key: words[word] for key, word in _TEXT_WORDS.items() if words.get(word)}
    if "ISFT" in text:  # libsndfile signs what it writes
        text["ISFT"] = text["ISFT"].partition(" (libsndfile-")[0]
    return text


def _refuse_lost_text(content: io.BytesIO, text: Mapping[str, str], path: Path, container: str) -> None:
    """Read the text back before anything is written: some formats lose long words, or break over them."""
    content.seek(0)
    try:
        with soundfile.SoundFile(content) as file:
            kept = _text_of(file)
    except (soundfile.LibsndfileError, UnicodeDecodeError):
        kept = {}
    lost = sorted(key for key in text if text[key] and kept.get(key) != text[key])
    if lost:
        raise UsageError(
            f"{printable(path)}: {container} cannot keep the text {', '.join(lost)} as it is",
            cause="this format takes only short text, plain letters or none",
            way_out="write a .wav or .flac, or leave the text out",
        )


def _as_written(data: Audio, encoding: str) -> np.ndarray:
    """A block as libsndfile takes it, ``(frames, channels)``; integers already rounded, in the upper bits of 32."""
    bits = INTEGER_BITS.get(encoding)
    if bits is None:
        return np.ascontiguousarray(data.T)
    top = 2.0 ** (bits - 1)
    steps = np.clip(np.rint(data.T.astype(np.float64) * top), -top, top - 1).astype(np.int64)
    return np.ascontiguousarray((steps << (32 - bits)).astype(np.int32))
