from __future__ import annotations

import numpy as np
import pytest

from woodshed.metrics import JUDGED, class_gaps, kit_spread, typical_gaps

CLASSES = ("kick",) * 40 + ("clap",) * 40
GROUPS = tuple(f"kit {place % 8}" for place in range(80))


def table(seed: int, **shifts: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    plain = dict.fromkeys(JUDGED, 0.0) | {"decay_time_ms": 200.0, "attack_time_ms": 30.0, "pre_onset_energy_db": -90.0}
    return {name: value * shifts.get(f"times_{name}", 1.0) + shifts.get(name, 0.0) + 0.5 * rng.normal(size=80)
            for name, value in plain.items()}  # fmt: skip


def gaps_of(made: dict[str, np.ndarray]) -> list:
    return class_gaps(made, table(1), made_classes=CLASSES, real_classes=CLASSES, real_groups=GROUPS)


def test_the_same_kind_has_no_gap_beyond_its_kits() -> None:
    found = gaps_of(table(2))
    assert len(found) == 2 * len(JUDGED)
    assert not [gap.text for gap in found if gap.beyond]


def test_planted_faults_are_named_with_their_size() -> None:
    found = gaps_of(table(2, tail_level_db=6.0, times_decay_time_ms=1.5))
    words = [gap.text for gap in found if gap.beyond]
    assert "kick: tails 6 dB too loud" in words
    assert any("decays" in text and "too long" in text for text in words)
    typical = typical_gaps(found)
    assert typical["tail_level_db"] == pytest.approx(6.0, abs=0.4)
    assert 2 ** typical["decay_time_ms"] == pytest.approx(1.5, abs=0.02)


def test_quiet_before_the_onset_is_no_fault_but_loud_is() -> None:
    quiet, loud = gaps_of(table(2, pre_onset_energy_db=-25.0)), gaps_of(table(2, pre_onset_energy_db=25.0))
    assert not [gap for gap in quiet if gap.beyond]
    assert len([gap for gap in loud if gap.beyond]) == 2
    assert typical_gaps(quiet)["pre_onset_energy_db"] < 0 < typical_gaps(loud)["pre_onset_energy_db"]


def test_one_kit_has_no_spread_of_its_own() -> None:
    assert np.isnan(kit_spread(np.arange(9.0), groups=("a",) * 9))
