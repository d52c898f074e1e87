"""The papers of a freshly trained model."""

from __future__ import annotations

from woodshed.artifacts.card import BaseOfModel, ChangeWhileRunning, LeftOutSound, ModelCard, SourceSound, TrainingFacts
from woodshed.artifacts.model_file import LoadedModel
from woodshed.artifacts.receipt import now_text
from woodshed.base.version import __version__
from woodshed.library import Purpose, TrainingManifest, TrainingSet
from woodshed.tasks._training_order import Resolved, TrainingOrder
from woodshed.training import MemorisationReport, TrainedModel


def model_card(
    order: TrainingOrder,
    trained: TrainedModel,
    manifest: TrainingManifest,
    *,
    purpose: Purpose,
    held_out: TrainingSet | None,
    base: LoadedModel | None,
    found: Resolved,
    copying: MemorisationReport | None,
    resumed: bool,
) -> ModelCard:
    """The card of a freshly trained model."""
    model = trained.model
    return ModelCard(
        name=order.name,
        family=model.family,
        role=model.role,
        config=model.config.model_dump(mode="json"),
        sample_rate_hz=model.spec.sample_rate_hz,
        channels=model.spec.channels,
        classes=model.spec.classes,
        seed=model.seed,
        made_at=now_text(),
        woodshed_version=__version__,
        purpose=purpose,
        merkle_root=manifest.merkle_root,
        ledger_head=manifest.ledger_head,
        sources=tuple(
            SourceSound(
                content_id=item.content_id,
                name=item.path_name,
                class_name=item.class_name,
                group=item.group,
                owner=item.owner,
                licence=item.licence,
                credit=item.credit,
                conversions=item.conversions,
            )
            for item in manifest.items
        ),
        held_out=tuple(item.content_id for item in held_out.items) if held_out else (),
        left_out=tuple(LeftOutSound(name=page.path_name, reason=page.rule) for page in manifest.refused),
        training=training_facts(
            trained,
            preset=order.preset,
            seed=order.seed,
            budget=order.budget,
            query=order.query,
            settings=found.values,
            settings_from=found.origins,
            resumed=resumed,
            changes=tuple(ChangeWhileRunning(**one.model_dump()) for one in trained.changes),
        ),
        memorisation=copying.model_dump(mode="json") if copying else None,
        references=model.REFERENCES,
        base=BaseOfModel(name=base.card.name, digest=base.digest, sources=base.card.teachers) if base else None,
    )


def training_facts(
    trained: TrainedModel,
    *,
    preset: str,
    seed: int,
    budget: str,
    query: str,
    settings: dict[str, object],
    settings_from: dict[str, str],
    resumed: bool = False,
    changes: tuple[ChangeWhileRunning, ...] = (),
) -> TrainingFacts:
    """How a training went, as a card holds it, with what was ordered."""
    return TrainingFacts(
        preset=preset,
        seed=seed,
        budget=budget,
        steps=trained.steps,
        planned_steps=trained.planned_steps,
        seconds=round(trained.seconds, 3),
        cpu_seconds=round(trained.cpu_seconds, 3),
        stopped_early=trained.stopped_early,
        loss_first=_finite(trained.loss_first),
        loss_last=_finite(trained.loss_last),
        loss_held_out=_finite(trained.loss_held_out),
        verdict=trained.verdict,
        query=query,
        device=trained.device,
        resumed=resumed,
        settings=settings,
        settings_from=settings_from,
        changes=changes,
        chosen=trained.chosen,
    )


def _finite(value: float | None) -> float | None:
    """A figure as a card holds it: None where it is not a number."""
    return None if value is None or value != value else round(value, 6)
