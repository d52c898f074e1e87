"""Restore: give a sound back the peaks a clipper took and the top a low rate, a filter or a codec took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.delivery import Product
from woodshed.artifacts.usual_knobs import FIRST_SEED, STEPS
from woodshed.artifacts.verb import Job, Verb
from woodshed.base.errors import UsageError
from woodshed.base.events import Note, Progress
from woodshed.base.knobs import Knob, KnobTable
from woodshed.dsp import declipped, find_clipping, find_faults
from woodshed.nn import with_plain_top, without_holes
from woodshed.roles import Made, Restores, class_number
from woodshed.sound import Sound

_FULL_RATE_HZ = 40000  # from here on a rate holds everything that is heard
_TOP_SHARE = 0.95  # of half a low rate that its converter let through

KNOBS = KnobTable(
    task="restore",
    knobs=(
        Knob(
            name="fault",
            kind="text",
            choices=("auto", "clipped", "band_limited", "low_rate", "lossy"),
            default="auto",
            help="what to mend; auto: whatever is found",
        ),
        Knob(
            name="cutoff",
            kind="float",
            unit="hz",
            low=1000,
            high=20000,
            default=None,
            help="where it ends",
        ),
        Knob(
            name="rate",
            kind="int",
            unit="hz",
            low=8000,
            high=192000,
            default=44100,
            help="what a low rate becomes",
        ),
        Knob(
            name="top",
            kind="text",
            choices=("likely", "drawn"),
            default="likely",
            help="with a model: the likeliest top, or one that it draws by the seed",
        ),
        Knob(name="class", kind="text", default=None, help="what it is, for a drawn top; left out: the model decides"),
        FIRST_SEED,
        STEPS,
    ),
)


@dataclass(frozen=True)
class _Plan:
    """What is to be done to one sound."""

    clipped: bool
    cutoff_hz: float | None
    holes: bool


def make(job: Job) -> Iterator[Product]:
    """Mend each sound; what a fault left alone stays as it was.

    Raises
    ------
    UsageError
        If a fault that was named cannot be found, a top is asked for on more than two channels, or a knob has no part
        in what is asked for.
    UnknownName
        If the class is none of the model's.
    """
    assert job.model is None or isinstance(job.model, Restores)
    _check_knobs(job)
    for number, (given, named) in enumerate(zip(job.sounds, job.inputs, strict=True), start=1):
        seed = job.whole("seed") or 0
        sound, plan, words = _planned(job, given.sound, given.name)
        job.on_event(Note(level="info", text=f"{given.name}: {words}"))
        made = _mended(job, sound, plan, seed=seed)
        knobs = {**job.settings, "fault": words, "cutoff": plan.cutoff_hz and round(plan.cutoff_hz, 1)}
        yield Product(made, seed=seed, number=number, inputs=(named,), knobs=knobs, label=Path(given.name).stem)
        job.on_event(Progress(stage="restoring", done=number, total=len(job.sounds), unit="sounds"))


VERB = Verb(
    KNOBS,
    needs=(),
    can="restore sounds",
    make=make,
    template="{label}_restored",
    most=None,
    helps=(Restores,),
    references=(
        "Zaviska et al. 2019, A proper version of synthesis-based sparse audio declipper, ICASSP",
        "Janssen et al. 1986, Adaptive interpolation of discrete-time signals, IEEE Trans. ASSP 34",
        "Dietz et al. 2002, Spectral band replication, a novel approach in audio coding, AES 112",
    ),
)


def _check_knobs(job: Job) -> None:
    """Refuse what would be ignored: knobs of a drawn top without one, and where a clipped sound ends."""
    if job.model is not None:
        class_number(job.word("class"), classes=job.model.spec.classes)
    drawn = job.word("top") == "drawn"
    of_a_draw = {"class": job.word("class"), "steps": job.whole("steps")}
    asked = [f"--{name}" for name, value in of_a_draw.items() if value is not None]
    asked = ["--top drawn", *asked] if drawn else asked
    if asked and not (drawn and job.model is not None):
        missing = "--top drawn" if job.model is not None else "--model NAME" + ("" if drawn else " --top drawn")
        raise UsageError(
            f"{' and '.join(asked)} cannot be followed",
            cause="only a model draws a top, and " + ("the likeliest was asked for" if job.model else "none was named"),
            way_out=f"add {missing}, or leave out {' '.join(asked)}",
        )
    if job.word("fault") == "clipped" and job.number("cutoff") is not None:
        raise UsageError(
            f"A cutoff of {job.number('cutoff'):g} Hz has no part in mending clipped peaks",
            cause="--fault clipped leaves the top as it is",
            way_out="leave out --cutoff, or say --fault auto to have both mended",
        )


def _planned(job: Job, sound: Sound, name: str) -> tuple[Sound, _Plan, str]:
    """The sound at the rate it is worked on at, what is to be done, and that in words."""
    fault, rate_hz = job.word("fault"), job.model.spec.sample_rate_hz if job.model else job.whole("rate") or 44100
    low = sound.sample_rate_hz < min(_FULL_RATE_HZ, rate_hz)
    clipping = fault == "clipped" or (fault == "auto" and find_clipping(sound.data).found)
    faults = find_faults(sound.data, sound.sample_rate_hz)
    cutoff_hz = job.number("cutoff") or faults.cutoff_hz
    if fault in ("auto", "low_rate") and low:
        cutoff_hz = min(cutoff_hz or float("inf"), _TOP_SHARE * sound.sample_rate_hz / 2)
    wants_top = fault in ("band_limited", "low_rate", "lossy") or (fault == "auto" and cutoff_hz is not None)
    if wants_top and cutoff_hz is None:
        raise _not_found(name, fault or "")
    plan = _Plan(clipping, cutoff_hz if wants_top else None, fault == "lossy" or (fault == "auto" and faults.lossy))
    return sound, plan, _words(plan, low=low and wants_top)


def _mended(job: Job, sound: Sound, plan: _Plan, *, seed: int) -> Made:
    """Peaks first, at the rate they were clipped at; then holes; then the top."""
    if plan.clipped:
        sound = Sound(declipped(sound.data, find_clipping(sound.data)), sound.sample_rate_hz)
    if plan.cutoff_hz is None:
        return Made(sound)
    rate_hz = job.model.spec.sample_rate_hz if job.model else job.whole("rate") or 44100
    if sound.sample_rate_hz < min(_FULL_RATE_HZ, rate_hz):  # another full rate is refused by the model
        sound = sound.resampled(rate_hz)
    if sound.channels > 2:
        raise UsageError(
            f"A top for {sound.channels} channels cannot be made",
            cause="a surround recording was given",
            way_out="mix it down to stereo first",
        )
    if plan.holes:
        sound = Sound(without_holes(sound.data, sample_rate_hz=sound.sample_rate_hz, seed=seed), sound.sample_rate_hz)
    if isinstance(job.model, Restores):
        return job.model.restore_top(
            sound,
            cutoff_hz=plan.cutoff_hz,
            seed=seed,
            class_name=job.word("class"),
            drawn=job.word("top") == "drawn",
            steps=job.whole("steps"),
        )
    data = with_plain_top(sound.data, sample_rate_hz=sound.sample_rate_hz, cutoff_hz=plan.cutoff_hz, seed=seed)
    return Made(Sound(data, sound.sample_rate_hz))


def _words(plan: _Plan, *, low: bool) -> str:
    words = ["clipped"] if plan.clipped else []
    if plan.cutoff_hz is not None:
        words.append("lossy" if plan.holes else "low_rate" if low else "band_limited")
    return ", ".join(words) or "nothing found"


def _not_found(name: str, fault: str) -> UsageError:
    return UsageError(
        f"{name} has no edge above which nothing sounds",
        cause="it has its full band, or it dies away towards the top like a filtered sound does",
        way_out=f"say where it ends: --fault {fault} --cutoff 8000",
    )
