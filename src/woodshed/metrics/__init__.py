"""Numbers that say how made sounds relate to real ones, each with its reference, its count and its floor."""

from woodshed.metrics._whitening import RATE_HZ as COPY_RATE_HZ
from woodshed.metrics._whitening import whitened
from woodshed.metrics.copy_guard import COPY_EXCESS, CopyGuard, Guarded
from woodshed.metrics.copy_index import MEASURES, CopyIndex, Matches
from woodshed.metrics.copy_search import CopyFinder, Nearest
from woodshed.metrics.copying import (
    BETWEEN_GROUPS,
    CONTROL_FOUND,
    FALSE_ALARM,
    HELD_OUT,
    CopyCheck,
    CopyJudge,
    threshold_of,
)
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
    pictured,
    raw_features,
)
from woodshed.metrics.hygiene import FAULTS, Hygiene, fault_counts, hygiene
from woodshed.metrics.loops import GridFit, Seam, grid_fit, seam_of
from woodshed.metrics.plants import ALL_AND_CROSSED, ALL_AT_ONCE, CHANGES, SINGLE_CHANGES, plant
from woodshed.metrics.references import (
    REFERENCES,
    augmented_copies,
    coloured_noise,
    cross,
    crossed,
    drawn_again,
    drawn_places,
    half_places,
    means_of_two,
)
from woodshed.metrics.sets import SoundSet, alike, places_by_class, respeeded
from woodshed.metrics.shares import Share
from woodshed.metrics.verdict import Closeness, Gap, Novelty, Verdict, closeness_of, gaps, novelty_of, verdict

__all__ = [
    "ALL_AND_CROSSED",
    "ALL_AT_ONCE",
    "BETWEEN_GROUPS",
    "CHANGES",
    "CONTROL_FOUND",
    "COPY_EXCESS",
    "COPY_RATE_HZ",
    "FALSE_ALARM",
    "FAULTS",
    "FEATURES_VERSION",
    "HELD_OUT",
    "MEASURES",
    "REFERENCES",
    "SINGLE_CHANGES",
    "SPACES",
    "Closeness",
    "CopyCheck",
    "CopyFinder",
    "CopyGuard",
    "CopyIndex",
    "CopyJudge",
    "Cover",
    "FeatureSpace",
    "Gap",
    "GridFit",
    "Guarded",
    "Hygiene",
    "KernelDistance",
    "Matches",
    "Nearest",
    "Novelty",
    "Seam",
    "Share",
    "SoundSet",
    "Verdict",
    "alike",
    "augmented_copies",
    "closeness_of",
    "coloured_noise",
    "compressed",
    "cover",
    "cross",
    "crossed",
    "described",
    "drawn_again",
    "drawn_places",
    "fault_counts",
    "frechet_distance",
    "gaps",
    "grid_fit",
    "half_places",
    "hygiene",
    "kernel_distance",
    "means_of_two",
    "median_bandwidth",
    "novelty_of",
    "pictured",
    "places_by_class",
    "plant",
    "raw_features",
    "respeeded",
    "seam_of",
    "shrunk_covariance",
    "threshold_of",
    "verdict",
    "whitened",
]
