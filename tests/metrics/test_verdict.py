from __future__ import annotations

import numpy as np
import pytest

from woodshed.metrics.verdict import Gap, closeness_of, gaps, novelty_of, verdict

CLASSES = ["kick"] * 40 + ["snare"] * 40
GROUPS = [f"kit {place % 8}" for place in range(80)]


def table(seed: int, *, tail_db: float = -60.0, decay_ms: float = 100.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "tail_level_db": tail_db + rng.normal(size=80),
        "decay_time_ms": decay_ms * np.exp(0.1 * rng.normal(size=80)),
        "unheard_of": rng.normal(size=80),
    }


def test_a_made_fault_is_named_with_its_size() -> None:
    found = gaps(table(0, tail_db=-50), table(1), made_classes=CLASSES, real_classes=CLASSES, real_groups=GROUPS)
    assert found[0].name == "tail_level_db"
    assert found[0].text == "tails 10 dB too loud"
    assert found[0].severity > 2
    assert found[1].severity < 1


def test_a_ratio_is_said_in_percent() -> None:
    found = gaps(table(0, decay_ms=50), table(1), made_classes=CLASSES, real_classes=CLASSES, real_groups=GROUPS)
    assert found[0].text == "decays 49 % too short"


def test_attacks_too_short_to_hear_are_all_alike() -> None:
    one, other = ({"attack_time_ms": np.full(80, value)} for value in (0.0, 4.0))
    found = gaps(one, other, made_classes=CLASSES, real_classes=CLASSES, real_groups=GROUPS)
    assert found[0].gap == 0.0


def test_classes_with_too_few_sounds_do_not_speak() -> None:
    few = {name: values[:3] for name, values in table(0, tail_db=0).items()}
    assert gaps(few, table(1), made_classes=["kick"] * 3, real_classes=CLASSES, real_groups=GROUPS) == []


@pytest.mark.parametrize(
    ("can_tell", "low", "inside", "word"),
    [
        (False, 0.5, False, "cannot tell"),
        (True, 0.0, True, "novel"),
        (True, 0.03, False, "mixed"),
        (True, 0.2, False, "copying"),
    ],
)
def test_words_for_copying(can_tell: bool, low: float, inside: bool, word: str) -> None:
    assert novelty_of(can_tell=can_tell, low=low, inside_null=inside) == word


def test_words_for_closeness() -> None:
    assert closeness_of([-1.0, 4.0], [15.0, 15.0]) == "close"
    assert closeness_of([10.0, 1.0], [15.0, 15.0]) == "near"
    assert closeness_of([1.0], [float("nan")]) == "cannot tell"


def test_what_was_not_held_out_is_not_called_unseen() -> None:
    facts = {"closeness": "cannot tell", "gaps": [], "clean_share": 1.0}
    alone = verdict(novelty="cannot tell", any_held_out=False, **facts).text
    assert "no kits were held out" in alone
    assert "too few kits were learned from" in alone
    assert "unseen" not in alone
    others = verdict(novelty="novel", beside="training sounds of other groups", **facts).text
    assert "than training sounds of other groups do" in others
    assert "unseen real sounds" in verdict(novelty="novel", **facts).text


def test_worst_fault_goes_from_broken_to_coloured() -> None:
    gap = Gap("crest_db", -4.0, 1.0, 6)
    words = {"novelty": "novel", "closeness": "far", "gaps": [gap]}
    assert "clipped" in verdict(**words, clean_share=0.5, commonest_fault="clipped").worst
    assert "0.50 times" in verdict(**words, clean_share=1.0, class_agreement=0.5).worst
    assert verdict(**words, clean_share=1.0, class_agreement=0.9).worst == "peaks 4 dB too flat"
    assert "none" in verdict(novelty="novel", closeness="close", gaps=[], clean_share=1.0).worst


def test_every_spoken_gap_has_words_for_both_sides() -> None:
    names = gaps(
        {name: np.ones(80) for name in ("stereo_width", "pitch_strength", "tilt_db_per_octave")},
        {name: np.zeros(80) for name in ("stereo_width", "pitch_strength", "tilt_db_per_octave")},
        made_classes=CLASSES,
        real_classes=CLASSES,
        real_groups=GROUPS,
    )
    assert {gap.text for gap in names} == {
        "stereo 1 of width too wide",
        "sounds 1 of pitch strength too tonal",
        "spectra 1 dB per octave tilted too bright",
    }
