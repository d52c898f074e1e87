"""Do guides move what they name, and does the sound stay what it is? Asked against got, beside the same seeds unguided.

Every sound has a target of its own: that of a real sound of its class, unseen where the model was trained with some
held out. The listener that guides and the one that judges were trained apart from each other.
About four minutes by default: a guided sound takes more than a second of a core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks._report import Check, at_least, at_most, progress
from woodshed.dsp import describe, onset_times_s
from woodshed.kit import make_loop
from woodshed.library import Item
from woodshed.roles import Generator, Guide, Guided, Hears, LenderPool, Listener, NoLenders, Request
from woodshed.roles.guide_targets import groove_of, loudness_of, picture_of, spectrum_of
from woodshed.roles.guides import Brightness, Decay, HeardAs, Loudness, Rises, Spectrum, Unlike
from woodshed.sound import Sound
from woodshed.workspace import TrainingOrder, Workspace

COUNT = 20
CLASSES = ("kick", "snare", "hat-closed", "clap")
SEED = 900
GRID_S = (0.0, 0.15, 0.3)
NEAR_S = 0.025
LISTENERS = {"guides-ear": (None, 21), "guides-ear-16k": (16000, 22), "guides-judge": (None, 29)}
LESS_HEARD = 0.1  # by how much the share heard as the class may fall


@dataclass(frozen=True)
class Bench:
    """What all measurements share: the model, its unguided sounds, real sounds to aim at, who judges."""

    model: Generator
    pool: LenderPool
    requests: tuple[Request, ...]
    plain: tuple[Sound, ...]
    aims: tuple[Sound, ...]
    judge: Listener
    ear: Listener

    def guided(self, guide_for: Callable[[int], Sequence[Guide]], requests: Sequence[Request] = ()) -> list[Sound]:
        """One sound per request, each with guides of its own."""
        assert isinstance(self.model, Guided)
        asked = requests or self.requests
        return [
            self.model.guide([request], guides=guide_for(number), lenders=self.pool)[0].sound
            for number, request in enumerate(asked)
        ]

    def kept(self, number: int) -> Guide:
        """What keeps a sound of several hits in its class: the listener that does not judge."""
        assert isinstance(self.ear, Hears)
        return HeardAs(listener=self.ear, class_name=self.requests[number].class_name or "")

    def heard(self, sounds: Sequence[Sound]) -> float:
        """Share that the judge hears as the class asked for."""
        found = self.judge.hear(sounds).argmax(1)
        wanted = [self.judge.spec.classes.index(request.class_name or "") for request in self.requests]
        return float((found == np.array(wanted)).mean())


def guide_checks(workspace: Workspace, data: Path, full: bool) -> list[Check]:
    """All checks of guides, on the workspace's generator."""
    del data  # the sounds are in the workspace's library
    bench = _bench(workspace, count=6 * COUNT if full else COUNT)
    ears = {name: workspace.models.load(name).model for name in LISTENERS}
    plain = bench.heard(bench.plain)
    progress(f"guides: {len(bench.plain)} sounds, {plain:.2f} heard as their class unguided")
    found = [
        *_number_checks(bench, plain, "brightness", "centroid_hz", lambda hz: Brightness(hz=max(30.0, hz))),
        *_number_checks(bench, plain, "decay", "decay_time_ms", lambda ms: Decay(ms=min(1200.0, max(20.0, ms)))),
        *_curve_checks(bench, plain, "spectrum", lambda sound: Spectrum(curve=spectrum_of(sound))),
        *_curve_checks(bench, plain, "loudness", lambda sound: Loudness(points=loudness_of(sound))),
        *_groove_checks(bench),
        *_unlike_checks(bench, plain),
        *_onset_checks(bench),
    ]
    for name in ("guides-ear", "guides-ear-16k"):
        found += _heard_as_checks(bench, name, ears[name])
    return found


def _number_checks(
    bench: Bench, plain: float, name: str, descriptor: str, guide_of: Callable[[float], Guide]
) -> list[Check]:
    asked = [describe(sound.data, sound.sample_rate_hz)[descriptor] for sound in bench.aims]
    made = bench.guided(lambda number: [guide_of(asked[number])])
    got, before = ([describe(one.data, one.sample_rate_hz)[descriptor] for one in some] for some in (made, bench.plain))
    off, off_before = (
        float(np.median(np.abs(np.log2(np.maximum(some, 1) / np.maximum(asked, 1))))) for some in (got, before)
    )
    n = len(made)
    return [
        at_least(
            f"guide {name}: rank correlation asked against got (n {n}; unguided {_rank(asked, before):.2f})",
            _rank(asked, got),
            0.8,
        ),
        at_most(f"guide {name}: median octaves off (unguided {off_before:.2f})", off, 0.35 * off_before),
        _class_check(bench, name, made, plain),
    ]


def _curve_checks(bench: Bench, plain: float, name: str, guide_of: Callable[[Sound], Guide]) -> list[Check]:
    guides = [guide_of(sound) for sound in bench.aims]
    made = bench.guided(lambda number: [guides[number]])
    before, after = (
        float(np.median([_loss(guide, sound) for guide, sound in zip(guides, some, strict=True)]))
        for some in (bench.plain, made)
    )
    return [
        at_most(f"guide {name}: median loss as a share of unguided {before:.3f} (n {len(made)})", after / before, 0.6),
        _class_check(bench, name, made, plain),
    ]


def _groove_checks(bench: Bench) -> list[Check]:
    """The hits of a made loop, in sounds as long as a piece of it."""
    pieces = [make_loop(seed=SEED + i, bars=1).sound.mono().section(0, 44100 * 4 // 5) for i in range(len(bench.plain))]
    guides = [Rises(points=groove_of(piece)) for piece in pieces]
    requests = [replace(request, duration_s=0.8) for request in bench.requests]
    plain = [one.sound for one in bench.model.generate(requests, lenders=bench.pool)]
    made = bench.guided(lambda number: [guides[number], bench.kept(number)], requests)
    before, after = (
        float(np.median([1 - _loss(guide, sound) for guide, sound in zip(guides, some, strict=True)]))
        for some in (plain, made)
    )
    name = f"guide groove: median cosine of onset curves, asked against got (unguided {before:.2f}, n {len(made)})"
    return [at_least(name, after, 0.75), _class_check(bench, "groove", made, bench.heard(plain))]


def _unlike_checks(bench: Bench, plain: float) -> list[Check]:
    """Away from the very sound that the same seed gives without a guide."""
    guides = [Unlike(picture=picture_of(sound), distance_db=12.0) for sound in bench.plain]
    made = bench.guided(lambda number: [guides[number]])
    distances = [12.0 * (1 - _loss(guide, sound)) for guide, sound in zip(guides, made, strict=True)]
    return [
        at_least("guide unlike: median dB away from the same seed's sound, 12 asked", float(np.median(distances)), 9.0),
        _class_check(bench, "unlike", made, plain),
    ]


def _onset_checks(bench: Bench) -> list[Check]:
    """Three onsets in one sound: how many of them are there, within 25 ms, beside the same sounds unguided."""
    length = GRID_S[-1] + 0.2
    requests = [replace(request, duration_s=length) for request in bench.requests]
    plain = [one.sound for one in bench.model.generate(requests, lenders=bench.pool)]
    made = bench.guided(lambda number: [Rises.at(GRID_S), bench.kept(number)], requests)
    found, before = (float(np.mean([_hits(sound) for sound in some])) for some in (made, plain))
    return [
        at_least(
            f"guide onsets, the class kept by a listener: share of later onsets within 25 ms (unguided {before:.2f})",
            found,
            before + 0.3,
        ),
        _class_check(bench, "onsets", made, bench.heard(plain)),
    ]


def _heard_as_checks(bench: Bench, name: str, ear: object) -> list[Check]:
    """Asked of no class at all: how often the judge hears what the other listener was made to hear."""
    assert isinstance(ear, Listener)
    assert isinstance(ear, Hears)
    free = [Request(r.seed, None, r.duration_s) for r in bench.requests]
    plain = [one.sound for one in bench.model.generate(free, lenders=bench.pool)]
    wanted = [r.class_name or "" for r in bench.requests]
    made = bench.guided(lambda number: [HeardAs(listener=ear, class_name=wanted[number], name=name)], free)
    before, after = bench.heard(plain), bench.heard(made)
    rate = ear.spec.sample_rate_hz
    text = (
        f"guide heard-as, listener at {rate} Hz: share the judge hears as asked (unguided {before:.2f}, n {len(made)})"
    )
    return [at_least(text, after, before + 0.3)]


def _class_check(bench: Bench, name: str, made: Sequence[Sound], plain: float) -> Check:
    """A sound that comes near to a real one is heard at least as often as that, or as unguided, whichever is less."""
    targets = bench.heard(bench.aims)
    text = f"guide {name}: share heard as the class (unguided {plain:.2f}, the real targets {targets:.2f})"
    return at_least(text, bench.heard(made), min(plain, targets) - LESS_HEARD)


def _bench(workspace: Workspace, *, count: int) -> Bench:
    name = next(n for n in workspace.models.names() if workspace.models.card(n).role == "generator")
    loaded = workspace.models.load(name)
    model = loaded.model
    assert isinstance(model, Generator)
    for listener, (rate_hz, seed) in LISTENERS.items():
        if listener not in workspace.models.names():
            order = TrainingOrder(
                name=listener,
                query="kind:oneshot",
                family="mel-listener",
                budget="300steps",
                rate_hz=rate_hz,
                seed=seed,
            )
            workspace.train(order, anew=True)
    judge, ear = (workspace.models.load(listener).model for listener in ("guides-judge", "guides-ear"))
    assert isinstance(judge, Listener)
    assert isinstance(ear, Listener)
    classes = [one for one in CLASSES if one in model.spec.classes] or list(model.spec.classes[:4])
    requests = tuple(Request(seed=SEED + i, class_name=classes[i % len(classes)]) for i in range(count))
    aims = _aims(workspace, classes, count, set(loaded.card.held_out), rate_hz=model.spec.sample_rate_hz)
    pool = NoLenders()
    plain = tuple(one.sound for one in model.generate(requests, lenders=pool))
    return Bench(model, pool, requests, plain, aims, judge, ear)


def _aims(
    workspace: Workspace, classes: Sequence[str], count: int, held_out: set[str], *, rate_hz: int
) -> tuple[Sound, ...]:
    """A real sound for every request, of its class; held-out ones first."""
    found: dict[str, list[Item]] = {}
    for name in classes:
        items = sorted(workspace.library.items(f"class:{name} kind:oneshot"), key=lambda i: i.content_id)
        short = [item for item in items if item.duration_s < 1.5]
        found[name] = sorted(short, key=lambda item: item.content_id not in held_out)
    chosen = [found[classes[i % len(classes)]] for i in range(count)]
    items = [some[(i // len(classes)) % len(some)] for i, some in enumerate(chosen)]
    return tuple(workspace.library.sound(item).resampled(rate_hz) for item in items)


def _hits(sound: Sound) -> float:
    times = onset_times_s(sound.data, sound.sample_rate_hz)
    return float(np.mean([bool((np.abs(times - wanted) < NEAR_S).any()) for wanted in GRID_S[1:]]))


def _loss(guide: Guide, sound: Sound) -> float:
    with torch.no_grad():
        return float(guide.loss(torch.from_numpy(np.array(sound.data))[None], sample_rate_hz=sound.sample_rate_hz))


def _rank(one: Sequence[float], other: Sequence[float]) -> float:
    ranks = [np.argsort(np.argsort(some)) for some in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
