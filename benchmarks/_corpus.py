"""Where things lie in a corpus with a manifest.csv, and a cache for stages that take minutes."""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def folders_of_kind(data: Path, kind: str) -> list[Path]:
    """The top folders that hold sounds of a kind, from the corpus's manifest.csv; the whole corpus without one."""
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        return [data]
    with manifest.open(encoding="utf-8", newline="") as file:
        tops = {Path(row["path"]).parts[0] for row in csv.DictReader(file) if row.get("kind") == kind}
    return [data / top for top in sorted(tops)] or [data]


def cache_folder(name: str, data: Path, *parts: object) -> Path:
    """A folder for one stage's results; another corpus, other code or other settings give another folder."""
    digest = hashlib.blake2b(digest_size=8)
    manifest = data / "manifest.csv"
    digest.update(manifest.read_bytes() if manifest.is_file() else os.fspath(data).encode())
    for path in sorted((ROOT / "src").rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(repr(parts).encode())
    folder = ROOT / ".bench-cache" / f"{name}-{digest.hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
