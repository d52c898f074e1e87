"""How an output reaches the disk: a WAV with its receipt inside, and the same receipt as JSON beside it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from woodshed.artifacts.receipt import Receipt
from woodshed.base.errors import UsageError
from woodshed.base.files import printable, write_text_atomically
from woodshed.sound import LoopPoint, Sound, TempoTag, WavTags, read_tags, write_sound

RECEIPT_TAG = "ICMT"


def write_output(
    path: Path, sound: Sound, receipt: Receipt, *, encoding: str = "PCM_24", tempo: TempoTag | None = None
) -> Receipt:
    """Write a finished sound as WAV with its receipt inside (INFO chunk) and beside (``NAME.wav.json``).

    With a tempo it is a loop: all of it repeats, and samplers and DAWs are told so.

    Returns
    -------
    Receipt
        The receipt as written, with the content id of the sound.
    """
    complete = receipt.model_copy(update={"content_id": sound.content_id})
    text = {
        RECEIPT_TAG: complete.model_dump_json(exclude_defaults=True),
        "ISFT": f"Woodshed {complete.versions.get('woodshed', '')}".strip(),
        "INAM": path.stem,
    }
    if complete.all_credits():
        text["ICOP"] = "; ".join(complete.all_credits())
    write_sound(path, sound, encoding=encoding, tags=_tags(sound, text, tempo))
    write_text_atomically(receipt_path(path), complete.model_dump_json(indent=1))
    return complete


def _tags(sound: Sound, text: dict[str, str], tempo: TempoTag | None) -> WavTags:
    loops = (LoopPoint(0, sound.frames),) if tempo else ()
    return WavTags(loops=loops, tempo=tempo, text=text)


def receipt_path(path: Path) -> Path:
    """Where the receipt beside an output lies."""
    return path.with_name(path.name + ".json")


def read_receipt(path: Path) -> Receipt:
    """The receipt of an output: the one inside, else the one beside.

    Raises
    ------
    UsageError
        If the file carries none.
    """
    for text in (read_tags(path).text.get(RECEIPT_TAG), _beside(path)):
        if text:
            try:
                return Receipt.model_validate_json(text)
            except ValidationError:
                continue
    raise UsageError(
        f"{printable(path)} carries no Woodshed receipt",
        cause="it was not made by Woodshed, or another program dropped its text chunks and the .json beside it",
        way_out="show a file that generate, vary, blend or another task wrote",
    )


def _beside(path: Path) -> bytes | None:
    try:
        return receipt_path(path).read_bytes()
    except OSError:
        return None
