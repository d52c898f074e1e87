"""What a model can be: roles, their capabilities, the table of families and the errors of a bad match."""

from woodshed.roles.examples import DataSpec, Example, Features
from woodshed.roles.generator import Blends, Generator, Made, Request, Varies
from woodshed.roles.lenders import LenderPool, NoLenders
from woodshed.roles.listener import Listener
from woodshed.roles.plain_requests import check_amount, check_rate, checked_plain, class_number
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
    "LenderPool",
    "Listener",
    "Made",
    "NoLenders",
    "OptimiserPlan",
    "Request",
    "Trainable",
    "Varies",
    "check_amount",
    "check_rate",
    "checked_plain",
    "class_number",
    "family_class",
]
