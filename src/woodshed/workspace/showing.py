"""What there is to say about a sound file: facts, descriptors, receipt, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts import Receipt, read_receipt
from woodshed.base.errors import UsageError
from woodshed.dsp import DESCRIPTORS, descriptors
from woodshed.sound import probe_sound, read_sound, read_tags
from woodshed.views import spectrogram_picture

LONGEST_DESCRIBED_S = 60.0


@dataclass(frozen=True)
class Measured:
    """One descriptor of a sound."""

    name: str
    value: float
    unit: str
    help: str


@dataclass(frozen=True)
class Shown:
    """Everything `woodshed show` prints."""

    facts: dict[str, object]
    descriptors: tuple[Measured, ...]
    receipt: Receipt | None


def show_file(path: Path, *, picture: Path | None = None) -> Shown:
    """Look at a sound file; of files over a minute the first minute is measured.

    Raises
    ------
    SoundError
        If the file cannot be read, or holds nothing that can be measured.
    """
    info = probe_sound(path)
    sound = read_sound(path, duration_s=LONGEST_DESCRIBED_S).checked(name=path.name)
    values = descriptors(sound.data, sound.sample_rate_hz)
    measured = tuple(
        Measured(d.name, float(value), d.unit, d.help) for d, value in zip(DESCRIPTORS, values, strict=True)
    )
    tags = read_tags(path)
    facts: dict[str, object] = {
        "file": str(path),
        "container": info.container,
        "encoding": info.encoding,
        "rate_hz": info.sample_rate_hz,
        "channels": info.channels,
        "seconds": round(info.frames / info.sample_rate_hz, 4),
        "content_id": sound.content_id if sound.frames == info.frames else None,
    }
    if tags.tempo:
        facts["bpm"] = tags.tempo.bpm
    if tags.loops:
        facts["loops"] = [(loop.start_frame, loop.stop_frame) for loop in tags.loops]
    if picture:
        spectrogram_picture(sound, picture, title=path.name)
        facts["picture"] = str(picture)
    return Shown(facts, measured, _receipt_or_none(path))


def _receipt_or_none(path: Path) -> Receipt | None:
    try:
        return read_receipt(path)
    except UsageError:
        return None
