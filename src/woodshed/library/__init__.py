"""The library: sounds we may use, what is known of them, and what their owners allow."""

from woodshed.library.consent.ledger import Ledger
from woodshed.library.consent.purposes import Decision, Permission, Purpose
from woodshed.library.items import Group, Item
from woodshed.library.library import LIBRARY_FILE, Library
from woodshed.library.scan_report import ScanReport
from woodshed.library.split import Split
from woodshed.library.training_manifest import ManifestItem, RefusedItem, TrainingManifest, merkle_root
from woodshed.library.training_set import TrainingSet, TrainingSound
from woodshed.library.upkeep import RelocateReport, VerifyReport
from woodshed.library.walk import Skipped

__all__ = [
    "LIBRARY_FILE",
    "Decision",
    "Group",
    "Item",
    "Ledger",
    "Library",
    "ManifestItem",
    "Permission",
    "Purpose",
    "RefusedItem",
    "RelocateReport",
    "ScanReport",
    "Skipped",
    "Split",
    "TrainingManifest",
    "TrainingSet",
    "TrainingSound",
    "VerifyReport",
    "merkle_root",
]
