"""What a model can be: roles, their capabilities, the table of families and the errors of a bad match."""

from woodshed.roles.examples import DataSpec, Example, Features
from woodshed.roles.generator import Blends, Generator, Made, Request, Varies
from woodshed.roles.guiding import Guide, Guided, Hears, Schedule
from woodshed.roles.lenders import LenderPool, NoLenders
from woodshed.roles.listener import Listener
from woodshed.roles.table import FAMILIES, family_class
from woodshed.roles.trainable import FamilyConfig, OptimiserPlan, Trainable

__all__ = [
    "FAMILIES",
    "Blends",
    "DataSpec",
    "Example",
    "FamilyConfig",
    "Features",
    "Generator",
    "Guide",
    "Guided",
    "Hears",
    "LenderPool",
    "Listener",
    "Made",
    "NoLenders",
    "OptimiserPlan",
    "Request",
    "Schedule",
    "Trainable",
    "Varies",
    "family_class",
]
