"""From what a model made to files a person can use: finishing, names, receipts, the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.outputs import read_receipt, write_output
from woodshed.artifacts.receipt import (
    NO_MODEL,
    OWNER_UNKNOWN,
    CopyChecked,
    InputSound,
    Lender,
    Receipt,
    TakenSound,
    now_text,
    versions_here,
)
from woodshed.artifacts.workbench import Workbench
from woodshed.base.errors import ConsentRefused, LibraryError, UsageError, WoodshedError
from woodshed.base.files import LONGEST_WORD, file_word
from woodshed.base.knobs import KnobValue
from woodshed.library import Decision, Purpose
from woodshed.roles import Made
from woodshed.sound import LEVEL_LUFS, FinishedSound, Sound, TempoTag, finish_sound

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

    ``finish`` trims, aligns, removes DC and levels; ``level_lufs`` asks for a level of its own. ``references`` are
    papers behind the task itself, beside those behind the model.
    """

    task: str
    folder: Path
    template: str = DEFAULT_TEMPLATE
    finish: bool = True
    level_lufs: float | None = None
    references: tuple[str, ...] = ()


def check_template(template: str) -> None:
    """Fill the template once with stand-in words, so that one which cannot be filled is told before anything is made.

    Raises
    ------
    UsageError
        If the template names something that outputs do not have.
    """
    _filled(template, {"model": "model", "class": "class", "number": 1, "seed": 0, "label": "label"})


def deliver(
    products: Sequence[Product], order: Order, *, loaded: LoadedModel | None, bench: Workbench
) -> list[Delivered]:
    """Finish and write each product with its receipt, inside and beside; no model may have taken part.

    Raises
    ------
    UsageError
        If the template names something unknown or gives two products one name.
    """
    model = loaded.card.name if loaded else order.task
    paths = [order.folder / f"{_file_name(order.template, product, model)}.wav" for product in products]
    if len(set(paths)) < len(paths):
        raise UsageError(
            f"The template {order.template!r} gives several sounds one name",
            cause="it has neither {number} nor {seed}",
            way_out=f"use a template like {DEFAULT_TEMPLATE}",
        )
    return [_deliver(product, path, order, loaded, bench) for product, path in zip(products, paths, strict=True)]


def input_sound(
    sound: Sound,
    name: str,
    bench: Workbench,
    *,
    content_id: str | None = None,
    purpose: Purpose = Purpose.AI_INFERENCE,
) -> InputSound:
    """Name a given sound and its owner as far as the library knows them.

    ``content_id`` is that of the library's sound where the given one was converted from it.

    Raises
    ------
    ConsentRefused
        If the library knows owners of the sound who do not allow this purpose.
    """
    known = content_id or sound.content_id
    decision = bench.library.decisions([known], purpose)[known]
    if decision.owners and not decision.allowed:
        use = "given to a model" if purpose is Purpose.AI_INFERENCE else "made into another sound"
        raise ConsentRefused(
            f"{name} may not be {use}", cause=decision.rule, way_out=decision.way_out or "use another sound"
        )
    owner, credit = _owner_and_credit(decision)
    return InputSound(content_id=known, name=name, owner=owner, credit=credit)


def _deliver(product: Product, path: Path, order: Order, loaded: LoadedModel | None, bench: Workbench) -> Delivered:
    sound, finishing = product.made.sound, {}
    if order.finish:
        level_lufs = LEVEL_LUFS if order.level_lufs is None else order.level_lufs
        loop = product.made.bpm is not None  # its length and its seam are kept: level and true peak only
        finished = finish_sound(sound, level_lufs=level_lufs, trim=not loop, remove_offset=not loop, name=path.name)
        sound, finishing = finished.sound, _finishing_facts(finished)
    tempo = _tempo(product.made)
    if tempo:
        finishing = {**finishing, "loop_bpm": tempo.bpm, "loop_beats": tempo.beats}
    receipt = _receipt(product, order, finishing, bench=bench)
    receipt = receipt if loaded is None else receipt.model_copy(update=_model_facts(loaded, order, product))
    path = _free(path, receipt)
    encoding = "PCM_24" if sound.peak <= 1.0 else "FLOAT"  # nothing is ever clipped
    sources = loaded.card.teachers if loaded else ()
    written = write_output(path, sound, receipt, encoding=encoding, tempo=tempo)
    bench.log.add(path, written, taught_by=[source.content_id for source in sources])
    return Delivered(path, sound, written)


def _tempo(made: Made) -> TempoTag | None:
    return None if made.bpm is None else TempoTag(round(made.bpm, 4), made.beats or 1)


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


def _receipt(product: Product, order: Order, finishing: dict[str, float | str | None], *, bench: Workbench) -> Receipt:
    """The papers of a product in which no model took part."""
    return Receipt(
        task=order.task,
        made_at=now_text(),
        model=NO_MODEL,
        model_digest=NO_MODEL,
        family=NO_MODEL,
        class_name=product.made.class_name,
        seed=product.seed,
        knobs=product.knobs or {},
        inputs=product.inputs,
        lenders=tuple(_lender(content_id, bench) for content_id in product.made.lenders),
        references=order.references,
        finishing=finishing,
        copy_check=product.copy_check,
        versions=versions_here(),
    )


def _model_facts(loaded: LoadedModel, order: Order, product: Product) -> dict[str, object]:
    """What a receipt says of the model that took part."""
    card = loaded.card
    taken = _taken(product.made.take_of, card)
    return {
        "model": card.name,
        "model_digest": loaded.digest,
        "family": card.family,
        "sources": dict(Counter(source.owner or OWNER_UNKNOWN for source in card.teachers)),
        "credits": card.credits,
        "merkle_root": card.merkle_root,
        "ledger_head": card.ledger_head,
        "references": tuple(dict.fromkeys((*card.references, *order.references))),
        "take_of": taken,
        "take_towards": taken and _taken(product.made.take_towards, card),
    }


def _taken(first_digits: str | None, card: ModelCard) -> TakenSound | None:
    """The training sound whose content id begins so, as the model's card names it."""
    if not first_digits:
        return None
    for one in card.teachers:
        if one.content_id.startswith(first_digits):
            owner = one.owner or OWNER_UNKNOWN
            return TakenSound(content_id=one.content_id, name=one.name, owner=owner, credit=one.credit)
    return None


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
    """The template filled; of a name that is too long the class or label is cut, for number and seed tell it apart."""
    words: dict[str, str | int] = {
        "model": model,
        "class": product.made.class_name or product.label or "sound",
        "number": product.number,
        "seed": product.seed,
        "label": product.label,
    }
    name = _filled(template, words)
    if (surplus := _bytes(name) - LONGEST_WORD) > 0:
        word = max("label", "class", key=lambda one: _bytes(str(words[one])))
        kept = max(1, _bytes(str(words[word])) - surplus)
        name = _filled(template, {**words, word: file_word(str(words[word]), longest=kept)})
    return file_word(name)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "ignore"))


def _filled(template: str, words: dict[str, str | int]) -> str:
    try:
        return template.format(**words)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise UsageError(
            f"The name template {template!r} cannot be filled ({error})",
            cause="it names something that outputs do not have",
            way_out=f"use {', '.join('{' + word + '}' for word in words)}",
        ) from error
