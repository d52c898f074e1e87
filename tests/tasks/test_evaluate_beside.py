from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.sounds import mixed_set
from tests.tasks.test_evaluate import HELD_OUT, TRAINING, judge
from woodshed.metrics import STRENGTHS, SoundSet
from woodshed.tasks.evaluate import EvaluationReport
from woodshed.tasks.evaluate.beside import frontier_points, pairs_behind
from woodshed.tasks.evaluate.judging import Judges
from woodshed.tasks.evaluate.page_beside import class_section, frontier_section, pairs_section, told_section
from woodshed.tasks.evaluate.report import FrontierPoint
from woodshed.views import Page


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return judge(mixed_set(60, seed=2))


@pytest.fixture(scope="module")
def judges() -> Judges:
    return Judges(TRAINING, HELD_OUT, heard_s=0.25, permutations=0, plants=1, most_unseen=8, seed=0)


def test_generated_and_reference_rows_are_told_by_a_judge(report: EvaluationReport) -> None:
    told = report.generated.told_by("descriptors")
    noise = report.row("coloured noise").told_by("descriptors")
    assert told is not None
    assert noise is not None
    assert noise.share > told.share
    assert told.low <= told.share <= told.high
    assert report.generated.told_by("pictures") is None  # a quick evaluation leaves the network out


def test_classes_are_judged_one_by_one(report: EvaluationReport) -> None:
    assert {gap.class_name for gap in report.class_gaps} == {"kick", "snare"}
    assert all(gap.count >= 8 and gap.text.startswith(gap.class_name) for gap in report.class_gaps)


def test_stronger_tricks_are_newer(judges: Judges) -> None:
    found = frontier_points(judges, TRAINING, like=TRAINING.class_names[:24], seed=0)
    assert len(found) == sum(len(strengths) for _, strengths in STRENGTHS.values())
    copies = [point.novelty for point in found if point.series == "augmented copies"]
    assert np.corrcoef(copies, range(len(copies)))[0, 1] > 0.7


def test_pairs_need_unseen_sounds() -> None:
    assert pairs_behind(TRAINING, TRAINING, SoundSet(()), plants=2, seed=0) is None
    assert pairs_behind(TRAINING, TRAINING, HELD_OUT, plants=0, seed=0) is None


def test_the_page_shows_all_of_it(report: EvaluationReport) -> None:
    explained = pairs_behind(TRAINING.taken(range(6)), TRAINING, HELD_OUT, plants=2, seed=0)
    points = (FrontierPoint(series="mean of two", strength=0.3, kernel=-1.0, novelty=0.4),)
    full = report.model_copy(update={"explained": explained, "frontier": points})
    page = Page("Evaluation")
    for section in (told_section, frontier_section, pairs_section, class_section):
        section(page, full)
    html = page.html()
    for words in ("Told from real sounds", "New and close at once", "Two sounds put together", "class by class"):
        assert words in html
    assert EvaluationReport.model_validate_json(full.model_dump_json()) == full
