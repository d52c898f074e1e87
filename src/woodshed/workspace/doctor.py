"""What works on this machine, what does not, and how to mend it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from woodshed.base.units import bytes_to_text
from woodshed.base.version import __version__

EXTRAS = {"formats": ("av", "reads m4a, mp4 and aac files")}
OPTIONAL_FORMATS = {"m4a / mp4"}
LOW_DISK_BYTES = 2_000_000_000


class Finding(BaseModel):
    """One thing that was looked at. ``way_out`` is empty where all is well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    state: Literal["good", "optional", "bad"]
    found: str
    way_out: str = ""


def examine(folder: Path) -> list[Finding]:
    """Look at the machine as far as Woodshed depends on it.

    Parameters
    ----------
    folder
        The workspace folder; free space is looked at where it lies.
    """
    checks: tuple[Callable[[Path], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _audio,
        _compute,
        _disk,
        _store,
        _extras,
    )
    return [finding for check in checks for finding in check(folder)]


def _python(_folder: Path) -> Iterator[Finding]:
    enough = sys.version_info >= (3, 11)
    way_out = "" if enough else "install Python 3.11 or newer"
    text = f"Woodshed {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding(what="Python", state="good" if enough else "bad", found=text, way_out=way_out)


def _packages(_folder: Path) -> Iterator[Finding]:
    try:
        wanted = [text for text in requires("woodshed") or [] if "extra ==" not in text]
    except PackageNotFoundError:
        wanted = []
    names = [text.split(";")[0].split(">")[0].split("=")[0].split("<")[0].strip() for text in wanted]
    names = names or ["numpy", "scipy", "soundfile", "soxr", "torch", "safetensors"]
    missing, found = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield Finding(
        what="Packages",
        state="bad" if missing else "good",
        found="missing: " + ", ".join(missing) if missing else ", ".join(found),
        way_out="pip install --upgrade woodshed" if missing else "",
    )


def _audio(_folder: Path) -> Iterator[Finding]:
    from woodshed.sound import audio_formats

    for one in audio_formats():
        found = "reads and writes" if one.reads and one.writes else "reads" if one.reads else "does not work"
        state = "good" if one.reads else "optional" if one.name in OPTIONAL_FORMATS else "bad"
        yield Finding(what=f"Audio: {one.name}", state=state, found=found, way_out=one.way_out)


def _compute(_folder: Path) -> Iterator[Finding]:
    import torch

    yield Finding(
        what="Threads",
        state="good",
        found=f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads",
    )
    if torch.cuda.is_available():
        found = f"{torch.cuda.get_device_name()} (CUDA {torch.version.cuda})"
        yield Finding(what="GPU", state="good", found=found)
    elif torch.backends.mps.is_available():
        yield Finding(what="GPU", state="good", found="Apple GPU (MPS)")
    else:
        yield Finding(
            what="GPU",
            state="optional",
            found="none that torch can use; everything works without, training takes longer",
            way_out="with an NVIDIA card, install the CUDA build of torch",
        )


def _disk(folder: Path) -> Iterator[Finding]:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    low = free < LOW_DISK_BYTES
    try:
        with tempfile.TemporaryFile(dir=place):
            writable = True
    except OSError:
        writable = False
    yield Finding(
        what="Disk",
        state="good" if writable and not low else "bad",
        found=f"{bytes_to_text(free)} free for the workspace" + ("" if writable else ", but it cannot be written"),
        way_out="" if writable and not low else "free some space or choose another --workspace",
    )


def _store(_folder: Path) -> Iterator[Finding]:
    recent = sqlite3.sqlite_version_info >= (3, 31)
    way_out = "" if recent else "use a Python built with a newer SQLite"
    yield Finding(what="SQLite", state="good" if recent else "bad", found=sqlite3.sqlite_version, way_out=way_out)


def _extras(_folder: Path) -> Iterator[Finding]:
    for extra, (module, use) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield Finding(
            what=f"Extra: {extra}",
            state="good" if there else "optional",
            found=use if there else f"not installed ({use})",
            way_out="" if there else f"pip install 'woodshed[{extra}]'",
        )
