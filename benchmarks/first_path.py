"""The whole first path on real one-shots: library, training, sounds, variations, copying, memory, the demo, the house.

    python -m benchmarks.first_path --data DIR --json   # about ten minutes, two trainings of three in them

Training and its evaluation are cached under .bench-cache; another corpus or other code begins anew.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks._corpus import ROOT, cache_folder, folders_of_kind
from benchmarks._house import circles, imports, upward_arrows
from benchmarks._process import run_measured
from benchmarks._report import Check, at_least, at_most, progress, run_benchmark
from benchmarks._varying import VaryFigures, vary_figures
from benchmarks.scan import SOUNDS, make_sounds
from woodshed.artifacts import ModelCard
from woodshed.library import Purpose
from woodshed.metrics import SoundSet
from woodshed.roles import NoLenders
from woodshed.tasks.evaluate import KNOBS, EvaluationReport, evaluate_model
from woodshed.workspace import Workspace

MODEL = "first-path"
MINUTES = 3.0
DEMO_LIMIT_S = 8 * 60.0
SEED = 1


def checks(data: Path, full: bool) -> list[Check]:
    """All checks of the first path."""
    found = [*house_checks(), *start_checks()]
    folder = cache_folder("first-path", data, MINUTES, full)
    workspace = Workspace(folder / "workspace")
    found += training_checks(workspace, data, folder)
    found += evaluation_checks(_evaluated(workspace, folder, count=512))
    found += vary_checks(_varied(workspace, sources=120 if full else 40))
    found += scan_checks(folder)
    found += demo_checks(folder)
    return found


def house_checks() -> list[Check]:
    """No circle and no upward arrow among the imports."""
    graph = imports(ROOT / "src" / "woodshed")
    round_about, upward = circles(graph), upward_arrows(graph)
    for part in round_about:
        progress(f"circle: {' '.join(part)}")
    for here, there in upward:
        progress(f"upward: {here} -> {there}")
    return [
        at_most("house: circles between modules", len(round_about), 0),
        at_most("house: upward arrows between rooms", len(upward), 0),
    ]


def start_checks() -> list[Check]:
    """`woodshed --help` is quick and loads nothing heavy."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [run_measured(["-m", "woodshed", "--help"], log=Path(folder) / "log") for _ in range(7)]
    code = "import sys, woodshed; print(sum(m in sys.modules for m in ('torch', 'numpy', 'sqlalchemy')))"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    heavy = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    return [
        at_most("start: seconds of woodshed --help (median of 7)", statistics.median(r.seconds for r in runs), 0.5),
        at_most("start: heavy packages that import woodshed loads", int(heavy), 0),
    ]


def training_checks(workspace: Workspace, data: Path, folder: Path) -> list[Check]:
    """Take the one-shots in, train three minutes in a process of its own, and watch its memory."""
    facts_path = folder / "training.json"
    if not facts_path.is_file():
        for sounds in folders_of_kind(data, "oneshot"):
            report = workspace.library.add(sounds)
            progress(f"library: {len(report.added)} added, {len(report.skipped)} skipped in {report.seconds:.0f} s")
        words = [
            "-m",
            "woodshed",
            "train",
            MODEL,
            "--from",
            "kind:oneshot",
            "--budget",
            f"{MINUTES:g}m",
            "--seed",
            str(SEED),
        ]
        words += ["--held-out", "0.2", "--anew", "--workspace", str(workspace.folder)]
        ran = run_measured(words, log=folder / "training.log")
        if ran.returncode:
            progress(ran.output[-3000:])
            raise SystemExit("training failed")
        facts_path.write_text(json.dumps({"seconds": ran.seconds, "peak_gib": ran.peak_gib}), encoding="utf-8")
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    card = workspace.models.card(MODEL)
    assert card.training is not None
    progress(f"training: {card.training.steps} steps, {len(card.sources)} sounds, {len(card.held_out)} held out")
    return [at_most("training: peak GiB of a 3-minute training", facts["peak_gib"], 3.0)]


def _evaluated(workspace: Workspace, folder: Path, *, count: int) -> EvaluationReport:
    path = folder / f"evaluation-{count}.json"
    if not path.is_file():
        report = evaluate_model(
            workspace.bench,
            workspace.models.load(MODEL),
            lenders=NoLenders(),
            folder=folder / "evaluation",
            settings=KNOBS.settings(count=count, seed=SEED),
        )
        path.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    return EvaluationReport.model_validate_json(path.read_bytes())


def evaluation_checks(report: EvaluationReport) -> list[Check]:
    """Hygiene before any normalising, and copying against what real sounds of unseen kits show."""
    progress(report.verdict)
    hygiene = report.generated.clean
    copying = report.copying
    return [
        at_least(f"generated: share that passes hygiene (n {report.count})", hygiene.share, 0.99),
        Check(
            f"copying: copy rate {copying.made.share:.4f} beside the null of real sounds",
            copying.made.share,
            f"inside the null: at most {copying.null.high:.4f}, with a control that finds planted copies",
            bool(copying.can_tell and copying.inside_null),
        ),
    ]


def _sound_set(workspace: Workspace, card: ModelCard, content_ids: Sequence[str]) -> SoundSet:
    chosen = workspace.library.training_set(
        "all", purpose=Purpose(card.purpose), sample_rate_hz=card.sample_rate_hz, channels=card.channels
    ).subset(content_ids)
    heard = list(chosen)
    return SoundSet(
        tuple(one.sound.section(0, 3 * card.sample_rate_hz) for one in heard),
        tuple(one.item.class_name or "" for one in heard),
        tuple(one.item.group for one in heard),
    )


def _varied(workspace: Workspace, *, sources: int) -> VaryFigures:
    loaded = workspace.models.load(MODEL)
    card = loaded.card
    training = _sound_set(workspace, card, [source.content_id for source in card.sources])
    held_out = _sound_set(workspace, card, card.held_out)
    step = max(1, len(held_out) // sources)
    chosen: SoundSet = held_out.taken(range(0, len(held_out), step)[:sources])
    return vary_figures(loaded.model, chosen, training, lenders=NoLenders(), seed=SEED)  # pyright: ignore


def vary_checks(figures: VaryFigures) -> list[Check]:
    """The promises of `vary`."""
    progress(f"vary: mean distance by amount {figures.by_amount}; median rank per source {figures.rank_median:.3f}")
    n = figures.sources
    return [
        at_most(f"vary: worst error at amount 0 in dB (n {n})", figures.worst_error_db, -60.0),
        at_least("vary: rank correlation of amount and mean distance", figures.rank_of_means, 0.95),
        at_least("vary: rank correlation of amount and distance, median over sources", figures.rank_median, 0.95),
        at_least(
            "vary: distance at amount 1 as a share of generate's at the same length", figures.far_as_generate, 0.9
        ),
        at_least("vary: least difference of two variations at 0.3 in dB", figures.least_difference_db, -40.0),
        at_least("vary: share at 0.3 nearer to its source than to any training sound", figures.nearer_to_source, 0.8),
    ]


def scan_checks(folder: Path) -> list[Check]:
    """Take 10,000 small made sounds in, in a process of its own, and watch the memory of it and its children."""
    facts_path = folder / "scan.json"
    if not facts_path.is_file():
        with tempfile.TemporaryDirectory() as place:
            made = make_sounds(Path(place) / "sounds", SOUNDS)
            words = [
                "-m",
                "woodshed",
                "library",
                "add",
                str(made),
                "--mine",
                "--workspace",
                str(Path(place) / "w"),
                "--json",
            ]
            ran = run_measured(words, log=folder / "scan.log")
        facts = {"seconds": ran.seconds, "peak_gib": ran.peak_gib, "well": ran.returncode == 0}
        facts_path.write_text(json.dumps(facts), encoding="utf-8")
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    progress(f"scan: {SOUNDS} sounds in {facts['seconds']:.0f} s")
    peak = facts["peak_gib"] if facts["well"] else float("nan")
    return [at_most(f"scan: peak GiB over {SOUNDS} sounds, parent and children", peak, 1.5)]


def demo_checks(folder: Path) -> list[Check]:
    """The whole demo from nothing, as a process of its own."""
    facts_path = folder / "demo.json"
    if not facts_path.is_file():
        out = folder / "demo"
        ran = run_measured(["-m", "woodshed", "demo", "--out", str(out), "--json"], log=folder / "demo.log")
        page = out / "index.html"
        made = len(list((out / "sounds").glob("*.wav"))) if (out / "sounds").is_dir() else 0
        facts = {"seconds": ran.seconds, "well": ran.returncode == 0 and page.is_file(), "made": made}
        facts_path.write_text(json.dumps(facts | {"peak_gib": ran.peak_gib}), encoding="utf-8")
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    return [
        Check(
            "demo: ends well with a page and 16 sounds",
            facts["made"],
            "16 and a page",
            facts["well"] and facts["made"] == 16,
        ),
        at_most("demo: seconds from nothing to the page", facts["seconds"], DEMO_LIMIT_S),
    ]


if __name__ == "__main__":
    run_benchmark("first_path", checks)
