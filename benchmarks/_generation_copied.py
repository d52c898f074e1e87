"""Not copied: planted copies are found, made sounds lie inside the null, nothing is borrowed where it may not be."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from benchmarks._generation_stages import Stage
from benchmarks._report import Check, at_least, progress
from woodshed.base.seeds import derive_seed
from woodshed.metrics import ALL_AND_CROSSED, ALL_AT_ONCE, CopyJudge, Share


def copied_checks(stage: Stage) -> list[Check]:
    """Planted copies change by change, the copy rate of what was made, and what ``--borrow none`` lends."""
    facts = _copy_facts(stage)
    found = [_planted(change, share) for change, share in facts["control"].items()]
    made, null = facts["made"], facts["null"]
    low, high = Share(*made).low, Share(*null).high
    between = f"95 % {low:.3f} to {Share(*made).high:.3f}"
    name = f"copied: copy rate (n {made[1]}, {between}; unseen real {null[0]} of {null[1]})"
    found.append(Check(name, Share(*made).share, f"inside the null: interval from at most {high:.3f}", low <= high))
    if not stage.lenders().content_ids():
        return [*found, Check("copied: lenders without a grant", 0, "<= 0", holds=True)]
    forbidden = stage.made("borrow-none", borrow="none")
    lent = sum(bool(names) for names in forbidden.names)
    found.append(
        Check(f"copied: sounds that name a lender with --borrow none (n {len(forbidden)})", lent, "<= 0", lent == 0)
    )
    return found


def _copy_facts(stage: Stage) -> dict[str, Mapping[str, list[int]] | list[int]]:
    kept = stage.folder / "copies.json"
    if not kept.is_file():
        began = time.process_time()
        judge = CopyJudge(
            stage.training,
            stage.held_out,
            plants=stage.order.plants,
            seed=derive_seed(stage.order.seed, "fresh plants"),
        )
        check = judge.check(stage.made())
        progress(f"copies: threshold {check.threshold:.3f}, {time.process_time() - began:.0f} processor seconds")
        facts = {
            "control": {change: [share.count, share.of] for change, share in check.control.items()},
            "made": [check.made.count, check.made.of],
            "null": [check.null.count, check.null.of],
        }
        kept.write_text(json.dumps(facts), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def _planted(change: str, counts: list[int]) -> Check:
    share = Share(*counts)
    words = f"copied: planted copies found, {change} (n {share.of}, 95 % {share.low:.2f} to {share.high:.2f})"
    return at_least(words, share.share, 0.80 if change in (ALL_AT_ONCE, ALL_AND_CROSSED) else 0.95)
