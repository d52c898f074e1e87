"""What a model can be: roles, their capabilities, the table of families and the errors of a bad match."""

from woodshed.roles.adopting import Adopted
from woodshed.roles.distilling import Distils
from woodshed.roles.editing import ATTRIBUTES, WAYS, BlendsMany, Combines, Fills, Mends
from woodshed.roles.examples import DataSpec, Example, Features
from woodshed.roles.generator import Blends, Generator, Made, Request, Varies
from woodshed.roles.guiding import Guide, Guided, Hears, Schedule
from woodshed.roles.lenders import LenderPool, NoLenders
from woodshed.roles.listener import Listener
from woodshed.roles.plain_requests import (
    check_amount,
    check_rate,
    checked_plain,
    class_number,
    refuse_wishes,
    require_one_or_two_channels,
)
from woodshed.roles.restoring import Restores
from woodshed.roles.table import FAMILIES, family_class
from woodshed.roles.trainable import FEW_SOUNDS, FamilyConfig, OptimiserPlan, Rehearses, Trainable

__all__ = [
    "ATTRIBUTES",
    "FAMILIES",
    "FEW_SOUNDS",
    "WAYS",
    "Adopted",
    "Blends",
    "BlendsMany",
    "Combines",
    "DataSpec",
    "Distils",
    "Example",
    "FamilyConfig",
    "Features",
    "Fills",
    "Generator",
    "Guide",
    "Guided",
    "Hears",
    "LenderPool",
    "Listener",
    "Made",
    "Mends",
    "NoLenders",
    "OptimiserPlan",
    "Rehearses",
    "Request",
    "Restores",
    "Schedule",
    "Trainable",
    "Varies",
    "check_amount",
    "check_rate",
    "checked_plain",
    "class_number",
    "family_class",
    "refuse_wishes",
    "require_one_or_two_channels",
]
