"""How a training went, in a sentence or two."""

from __future__ import annotations


def verdict(
    first: float, last: float, held_out: float | None, *, end: str, step: int, total: int, based: bool = False
) -> str:
    """Words for a person.

    Parameters
    ----------
    first, last
        Loss in the beginning and in the end.
    held_out
        Loss on sounds it never heard, if there were any.
    end
        ``done``, ``stopped`` (someone wished it), ``spent`` (no processor time is left) or ``patience`` (held-out
        sounds gained no more).
    based
        Whether it began from a base, whose loss is low from the start.

    Examples
    --------
    >>> verdict(1.0, 0.5, None, end="done", step=100, total=100)
    'Trained for 100 steps. The loss fell by 50 %.'
    """
    beginnings = {
        "done": f"Trained for {step} steps.",
        "stopped": f"Stopped at step {step} of {total}; the model is usable.",
        "spent": f"Trained for {step} of {total} steps: the processor time is spent.",
        "patience": f"Ended at step {step} of {total}: sounds it never heard gained nothing more.",
    }
    sentences = [beginnings[end]]
    fallen = 1.0 - last / first if first > 0 else 0.0
    if fallen < 0.1:
        hardly = "It has moved little from its base" if based else "It has hardly begun to learn: give it more minutes"
        sentences.append(f"{hardly}.")
    else:
        sentences.append(f"The loss fell by {100 * fallen:.0f} %.")
    if fallen >= 0.1 and held_out is not None and last > 0:
        sentences.append(_gap(held_out / last, end=end))
    return " ".join(sentences)


def _gap(gap: float, *, end: str) -> str:
    if gap >= 2.5:
        return f"On sounds it never heard the loss is {gap:.1f} times as high: mind the copying figures of evaluate."
    if gap >= 1.3:
        return f"On sounds it never heard the loss is {gap:.1f} times as high, as usual for a small library."
    return "It does as well on sounds it never heard" + ("." if end == "patience" else ": more minutes can still help.")
