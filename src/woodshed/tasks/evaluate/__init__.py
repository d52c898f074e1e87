"""Evaluate: how good, how varied and how new the sounds of a model are."""

from woodshed.tasks.evaluate.order import KNOBS, PAGE_FILE, REPORT_FILE, evaluate_model
from woodshed.tasks.evaluate.page import evaluation_page
from woodshed.tasks.evaluate.report import EvaluationReport
from woodshed.tasks.evaluate.run import evaluate
from woodshed.tasks.evaluate.summary import summary_table

__all__ = [
    "KNOBS",
    "PAGE_FILE",
    "REPORT_FILE",
    "EvaluationReport",
    "evaluate",
    "evaluate_model",
    "evaluation_page",
    "summary_table",
]
