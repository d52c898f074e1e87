"""What families that follow only a class and a length say to a request."""

from __future__ import annotations

from collections.abc import Sequence

from woodshed.base.errors import KnobOutOfRange, RateMismatch, UnknownName, UsageError
from woodshed.roles.generator import Request
from woodshed.sound import Sound


def require_one_or_two_channels(channels: int, *, family: str, makes: str) -> None:
    """Refuse surround sound, which no generator makes yet.

    Raises
    ------
    UsageError
        Naming the family and what it makes.
    """
    if channels not in (1, 2):
        raise UsageError(
            f"{family} makes {makes} of one or two channels, not {channels}",
            cause="a surround recording is among the sounds",
            way_out="mix it down, or train on mono or stereo sounds",
        )


def checked_plain(request: Request, *, family: str, classes: Sequence[str], max_duration_s: float) -> int:
    """The number of the class asked for, the one after the last for none.

    Raises
    ------
    UnknownName
        If the class is unknown.
    UsageError
        If a loop is asked for, or a descriptor is wished for.
    KnobOutOfRange
        If the length cannot be made.

    Examples
    --------
    >>> checked_plain(Request(seed=1, class_name="b"), family="f", classes=("a", "b"), max_duration_s=1.0)
    1
    """
    refuse_wishes(request, family=family)
    if request.bpm is not None or request.bars is not None:
        raise UsageError(
            f"{family} makes no loops",
            cause="a tempo or a number of bars was asked for",
            way_out="leave them out, or use a model of a family that makes loops",
        )
    if request.duration_s is not None and not 0.0 < request.duration_s <= max_duration_s:
        raise KnobOutOfRange(
            f"A sound of {request.duration_s} s cannot be made",
            cause=f"this model makes sounds up to {max_duration_s:g} s",
            way_out=f"ask for at most {max_duration_s:g} s",
        )
    return class_number(request.class_name, classes=classes)


def refuse_wishes(request: Request, *, family: str) -> None:
    """Refuse what is wished for beside class and length, by its flag.

    Raises
    ------
    UsageError
        Naming the family and the flag.

    Examples
    --------
    >>> refuse_wishes(Request(seed=1, wishes={}), family="f")
    """
    for wish in request.wishes:
        flag = f"--{wish.removesuffix('_hz').removesuffix('_ms')}"
        raise UsageError(
            f"A {family} model does not follow {flag}",
            cause="only band-flow models do, and this one is of another family",
            way_out=f"leave out {flag}, or use a band-flow model",
        )


def class_number(name: str | None, *, classes: Sequence[str]) -> int:
    """The number of a class, the one after the last for none.

    Raises
    ------
    UnknownName
        If the model was not trained on this class.

    Examples
    --------
    >>> class_number(None, classes=("a", "b"))
    2
    """
    if name is None:
        return len(classes)
    if name not in classes:
        raise UnknownName(
            "class",
            name,
            known=classes,
            if_none="leave the class out: the model was taught none",
            cause="the model was not taught sounds of this class",
        )
    return list(classes).index(name)


def check_rate(sound: Sound, *, sample_rate_hz: int) -> None:
    """Raise ``RateMismatch`` where a sound has another rate than a model."""
    if sound.sample_rate_hz != sample_rate_hz:
        raise RateMismatch("The sound", got_hz=sound.sample_rate_hz, expected_hz=sample_rate_hz)


def check_amount(name: str, value: float) -> None:
    """Raise ``KnobOutOfRange`` for anything but 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise KnobOutOfRange(
            f"{name} is {value}", cause="it goes from 0 to 1", way_out="choose a value in between, for example 0.3"
        )
