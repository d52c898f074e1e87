"""What a scan did, file by file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from woodshed.base.files import printable
from woodshed.library.walk import Skipped


@dataclass
class ScanReport:
    """Every file of a scan is in exactly one of added, unchanged, renamed, retagged, copies and skipped.

    Parameters
    ----------
    folder
        What was scanned.
    added
        Content ids that are new in the library.
    unchanged
        Files whose size and time are as before; not read.
    renamed
        Files whose sound was known under a path that is gone.
    retagged
        Files that changed in bytes but not in sound.
    copies
        Files that hold a sound which another file holds too.
    skipped
        Files and folders that gave no sound, and why.
    missing
        Files of an earlier scan that are gone; their items stay.
    relabelled
        Items whose words in a manifest changed, or that lie in the folder of a kit or of a class now.
    near_pairs
        New pairs of items that hold the same recording.
    consented, without_consent
        Items for which this scan recorded a grant or licence; items of the folder that nobody spoke for.
    loose
        Items of the folder that name no kit and are no near duplicates: each is a group of its own.
    unclassed
        One-shots of the folder without a class.
    decoded
        Files whose audio was read.
    problems
        What is wrong with manifests.
    """

    folder: str
    added: list[str] = field(default_factory=list)
    unchanged: int = 0
    renamed: list[str] = field(default_factory=list)
    retagged: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    relabelled: int = 0
    near_pairs: int = 0
    consented: int = 0
    without_consent: int = 0
    loose: int = 0
    unclassed: int = 0
    decoded: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """Entries that were accounted for."""
        accounted = (self.added, self.renamed, self.retagged, self.copies, self.skipped)
        return self.unchanged + sum(len(part) for part in accounted)

    def reasons(self) -> dict[str, int]:
        """How many were skipped for which reason, the most frequent first; details are joined where few.

        Examples
        --------
        >>> ScanReport("a", skipped=[Skipped("a/x.txt", "not a sound file", ".txt")]).reasons()
        {'not a sound file (.txt)': 1}
        """
        shown = Counter(
            f"{entry.reason} ({entry.detail})" if entry.detail.startswith(".") else entry.reason
            for entry in self.skipped
        )
        return dict(sorted(shown.items(), key=lambda pair: (-pair[1], pair[0])))

    def as_json(self) -> dict[str, Any]:
        """The whole report as plain values, every skipped file named."""
        return {
            "folder": printable(self.folder),
            "files": self.files,
            "added": len(self.added),
            "added_ids": self.added,
            "unchanged": self.unchanged,
            "renamed": [printable(path) for path in self.renamed],
            "retagged": [printable(path) for path in self.retagged],
            "copies": [printable(path) for path in self.copies],
            "missing": [printable(path) for path in self.missing],
            "reasons": self.reasons(),
            "skipped": [entry.as_json() for entry in self.skipped],
            "relabelled": self.relabelled,
            "near_pairs": self.near_pairs,
            "consented": self.consented,
            "without_consent": self.without_consent,
            "loose": self.loose,
            "unclassed": self.unclassed,
            "decoded": self.decoded,
            "problems": self.problems,
            "seconds": round(self.seconds, 3),
        }
