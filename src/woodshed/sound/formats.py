"""Which sound formats can be read and written on this machine, found out by doing it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from woodshed.sound import mp4

_RATE_HZ = 48000
_FRAMES = 4800

# what a musician calls it -> (endings, libsndfile's container, encoding)
_FORMATS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("WAV 16-bit", (".wav",), "WAV", "PCM_16"),
    ("WAV 24-bit", (".wav",), "WAV", "PCM_24"),
    ("WAV 32-bit", (".wav",), "WAV", "PCM_32"),
    ("WAV float", (".wav",), "WAV", "FLOAT"),
    ("AIFF", (".aif", ".aiff"), "AIFF", "PCM_24"),
    ("FLAC", (".flac",), "FLAC", "PCM_24"),
    ("OGG Vorbis", (".ogg", ".oga"), "OGG", "VORBIS"),
    ("Opus", (".opus",), "OGG", "OPUS"),
    ("MP3", (".mp3",), "MP3", "MPEG_LAYER_III"),
)


@dataclass(frozen=True)
class FormatFact:
    """Whether one format works here; ``way_out`` says how to mend what does not, else it is empty."""

    name: str
    suffixes: tuple[str, ...]
    reads: bool
    writes: bool
    way_out: str = ""


def audio_formats() -> tuple[FormatFact, ...]:
    """Every format with the outcome of a real round trip of a tone in memory; nothing touches the disk.

    Examples
    --------
    >>> facts = {fact.name: fact for fact in audio_formats()}
    >>> facts["WAV 24-bit"].reads, facts["WAV 24-bit"].writes
    (True, True)
    """
    facts = [_libsndfile_fact(name, suffixes, container, encoding) for name, suffixes, container, encoding in _FORMATS]
    return (*facts, _mp4_fact())


def libsndfile_version() -> str:
    """The version of libsndfile in use.

    Examples
    --------
    >>> libsndfile_version()[0].isdigit()
    True
    """
    return str(soundfile.__libsndfile_version__)


def _libsndfile_fact(name: str, suffixes: tuple[str, ...], container: str, encoding: str) -> FormatFact:
    content = io.BytesIO()
    tone = 0.5 * np.sin(np.arange(_FRAMES) * 0.05)
    try:
        soundfile.write(content, tone, _RATE_HZ, format=container, subtype=encoding)
    except (soundfile.LibsndfileError, ValueError):
        return FormatFact(name, suffixes, reads=False, writes=False, way_out=_upgrade())
    try:
        content.seek(0)
        heard, rate_hz = soundfile.read(content)
    except soundfile.LibsndfileError:
        return FormatFact(name, suffixes, reads=False, writes=True, way_out=_upgrade())
    frames = min(len(heard), _FRAMES)
    same = rate_hz == _RATE_HZ and frames > 0 and float(np.corrcoef(heard[:frames], tone[:frames])[0, 1]) > 0.9
    return FormatFact(name, suffixes, reads=same, writes=same, way_out="" if same else _upgrade())


def _upgrade() -> str:
    return "pip install --upgrade soundfile (1.1 or newer of libsndfile comes with it)"


def _mp4_fact() -> FormatFact:
    suffixes = tuple(sorted(mp4.MP4_SUFFIXES))
    if not mp4.has_pyav():
        return FormatFact("m4a / mp4", suffixes, reads=False, writes=False, way_out='pip install "woodshed[formats]"')
    reads = mp4.reads_here()
    way_out = "" if reads else "pip install --upgrade av"
    return FormatFact("m4a / mp4", suffixes, reads=reads, writes=False, way_out=way_out)
