"""From what a model made to files a person can use: finishing, names, receipts, the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.outputs import read_receipt, write_output
from woodshed.artifacts.receipt import OWNER_UNKNOWN, CopyChecked, InputSound, Lender, Receipt, now_text, versions_here
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import ConsentRefused, LibraryError, UsageError, WoodshedError
from woodshed.base.files import file_word
from woodshed.base.knobs import KnobValue
from woodshed.library import Decision, Purpose
from woodshed.roles import Made
from woodshed.sound import LEVEL_LUFS, FinishedSound, Sound, finish_sound

DEFAULT_TEMPLATE = "{model}_{class}_{number:03d}_seed{seed}"


@dataclass(frozen=True)
class Product:
    """One sound a task made, before it has a file: what it was asked for and what it is made of."""

    made: Made
    seed: int
    number: int
    inputs: tuple[InputSound, ...] = ()
    knobs: dict[str, KnobValue] | None = None
    label: str = ""
    copy_check: CopyChecked | None = None


@dataclass(frozen=True)
class Delivered:
    """A written output: its path, its sound as written, its receipt."""

    path: Path
    sound: Sound
    receipt: Receipt


@dataclass(frozen=True)
class Order:
    """How a task wants its products delivered.

    ``finish`` trims, aligns, removes DC and levels; ``level_lufs`` asks for a level of its own.
    """

    task: str
    folder: Path
    template: str = DEFAULT_TEMPLATE
    finish: bool = True
    level_lufs: float | None = None


def deliver(products: Sequence[Product], order: Order, *, loaded: LoadedModel, bench: Workbench) -> list[Delivered]:
    """Finish and write each product with its receipt, inside and beside.

    Raises
    ------
    UsageError
        If the template names something unknown or gives two products one name.
    """
    paths = [order.folder / f"{_file_name(order.template, product, loaded.card.name)}.wav" for product in products]
    if len(set(paths)) < len(paths):
        raise UsageError(
            f"The template {order.template!r} gives several sounds one name",
            cause="it has neither {number} nor {seed}",
            way_out=f"use a template like {DEFAULT_TEMPLATE}",
        )
    return [_deliver(product, path, order, loaded, bench) for product, path in zip(products, paths, strict=True)]


def input_sound(sound: Sound, name: str, bench: Workbench, *, content_id: str | None = None) -> InputSound:
    """Name a given sound and its owner as far as the library knows them.

    ``content_id`` is that of the library's sound where the given one was converted from it.

    Raises
    ------
    ConsentRefused
        If the library knows owners of the sound who do not allow that a model works on it.
    """
    known = content_id or sound.content_id
    decision = bench.library.decisions([known], Purpose.AI_INFERENCE)[known]
    if decision.owners and not decision.allowed:
        raise ConsentRefused(
            f"{name} may not be given to a model", cause=decision.rule, way_out=decision.way_out or "use another sound"
        )
    owner, credit = _owner_and_credit(decision)
    return InputSound(content_id=known, name=name, owner=owner, credit=credit)


def _deliver(product: Product, path: Path, order: Order, loaded: LoadedModel, bench: Workbench) -> Delivered:
    sound, finishing = product.made.sound, {}
    if order.finish:
        level_lufs = LEVEL_LUFS if order.level_lufs is None else order.level_lufs
        finished = finish_sound(sound, level_lufs=level_lufs, name=path.name)
        sound, finishing = finished.sound, _finishing_facts(finished)
    receipt = _receipt(product, order.task, finishing, loaded, bench)
    path = _free(path, receipt)
    encoding = "PCM_24" if sound.peak <= 1.0 else "FLOAT"  # nothing is ever clipped
    written = write_output(path, sound, receipt, encoding=encoding)
    bench.log.add(path, written, taught_by=[source.content_id for source in loaded.card.sources])
    return Delivered(path, sound, written)


def _free(path: Path, receipt: Receipt) -> Path:
    """The path, unless another sound lies there: then the next free name. The same sound made again takes its place."""
    number, free = 1, path
    while free.exists() and not _same_order(free, receipt):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _same_order(path: Path, receipt: Receipt) -> bool:
    try:
        there = read_receipt(path)
    except WoodshedError:
        return False
    asked = ("task", "model_digest", "seed", "class_name", "knobs", "inputs", "lenders")
    return all(getattr(there, name) == getattr(receipt, name) for name in asked)


def _finishing_facts(finished: FinishedSound) -> dict[str, float | str | None]:
    return {
        "gain_db": round(finished.gain_db, 3),
        "trimmed_head_ms": round(finished.trimmed_head_ms, 3),
        "trimmed_tail_ms": round(finished.trimmed_tail_ms, 3),
        "loudness_lufs": round(finished.loudness_lufs, 2),
        "true_peak_db": round(finished.true_peak_db, 2),
    }


def _receipt(
    product: Product, task: str, finishing: dict[str, float | str | None], loaded: LoadedModel, bench: Workbench
) -> Receipt:
    card = loaded.card
    return Receipt(
        task=task,
        made_at=now_text(),
        model=card.name,
        model_digest=loaded.digest,
        family=card.family,
        class_name=product.made.class_name,
        seed=product.seed,
        knobs=product.knobs or {},
        inputs=product.inputs,
        lenders=tuple(_lender(content_id, bench) for content_id in product.made.lenders),
        sources=dict(Counter(source.owner or OWNER_UNKNOWN for source in card.sources)),
        credits=card.credits,
        merkle_root=card.merkle_root,
        ledger_head=card.ledger_head,
        references=card.references,
        finishing=finishing,
        copy_check=product.copy_check,
        versions=versions_here(),
    )


def _lender(content_id: str, bench: Workbench) -> Lender:
    owner, credit = _owner_and_credit(bench.library.ledger.decide([content_id], Purpose.RESYNTHESISE)[content_id])
    return Lender(content_id=content_id, name=_name(content_id, bench), owner=owner, credit=credit)


def _name(content_id: str, bench: Workbench) -> str:
    try:
        return Path(bench.library.item(content_id).path).name
    except LibraryError:
        return content_id[:12]


def _owner_and_credit(decision: Decision) -> tuple[str, str | None]:
    return ", ".join(decision.owners) or OWNER_UNKNOWN, "; ".join(decision.credits) or None


def _file_name(template: str, product: Product, model: str) -> str:
    words = {
        "model": model,
        "class": product.made.class_name or product.label or "sound",
        "number": product.number,
        "seed": product.seed,
        "label": product.label,
    }
    try:
        name = template.format(**words)
    except (KeyError, ValueError, IndexError) as error:
        raise UsageError(
            f"The name template {template!r} cannot be filled ({error})",
            cause="it names something that outputs do not have",
            way_out=f"use {', '.join('{' + word + '}' for word in words)}",
        ) from error
    return file_word(name)
