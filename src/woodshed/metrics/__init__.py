"""Numbers that say how made sounds relate to real ones, each with its reference, its count and its floor."""

from woodshed.metrics.class_gaps import JUDGED, ClassGap, class_gaps, kit_spread, typical_gaps
from woodshed.metrics.copy_search import CopyFinder, Nearest
from woodshed.metrics.copying import CONTROL_FOUND, FALSE_ALARM, HELD_OUT, CopyCheck, CopyJudge, threshold_of
from woodshed.metrics.distances import (
    Cover,
    KernelDistance,
    cover,
    frechet_distance,
    kernel_distance,
    median_bandwidth,
    shrunk_covariance,
)
from woodshed.metrics.features import (
    FEATURES_VERSION,
    SPACES,
    FeatureSpace,
    compressed,
    described,
    mel_picture,
    pictured,
    raw_features,
)
from woodshed.metrics.hygiene import FAULTS, Hygiene, energy_before_onset_db, fault_counts, hygiene
from woodshed.metrics.matching import asked_classes, matched_places
from woodshed.metrics.plants import ALL_AT_ONCE, CHANGES, SINGLE_CHANGES, plant
from woodshed.metrics.references import (
    REFERENCES,
    augmented_copies,
    coloured_noise,
    crossed,
    drawn_again,
    drawn_places,
    half_places,
    means_of_two,
)
from woodshed.metrics.sets import SoundSet, alike, places_by_class, respeeded
from woodshed.metrics.shares import Share
from woodshed.metrics.telling import Teller, Telling, fold_numbers, logistic_teller, told_apart
from woodshed.metrics.verdict import Closeness, Gap, Novelty, Verdict, closeness_of, gaps, novelty_of, verdict

__all__ = [
    "ALL_AT_ONCE",
    "CHANGES",
    "CONTROL_FOUND",
    "FALSE_ALARM",
    "FAULTS",
    "FEATURES_VERSION",
    "HELD_OUT",
    "JUDGED",
    "REFERENCES",
    "SINGLE_CHANGES",
    "SPACES",
    "ClassGap",
    "Closeness",
    "CopyCheck",
    "CopyFinder",
    "CopyJudge",
    "Cover",
    "FeatureSpace",
    "Gap",
    "Hygiene",
    "KernelDistance",
    "Nearest",
    "Novelty",
    "Share",
    "SoundSet",
    "Teller",
    "Telling",
    "Verdict",
    "alike",
    "asked_classes",
    "augmented_copies",
    "class_gaps",
    "closeness_of",
    "coloured_noise",
    "compressed",
    "cover",
    "crossed",
    "described",
    "drawn_again",
    "drawn_places",
    "energy_before_onset_db",
    "fault_counts",
    "fold_numbers",
    "frechet_distance",
    "gaps",
    "half_places",
    "hygiene",
    "kernel_distance",
    "kit_spread",
    "logistic_teller",
    "matched_places",
    "means_of_two",
    "median_bandwidth",
    "mel_picture",
    "novelty_of",
    "pictured",
    "places_by_class",
    "plant",
    "raw_features",
    "respeeded",
    "shrunk_covariance",
    "threshold_of",
    "told_apart",
    "typical_gaps",
    "verdict",
]
