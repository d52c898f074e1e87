"""A trained model as one file with its papers, and the receipt of every output."""

from woodshed.artifacts.card import BaseOfModel, ChangeWhileRunning, ModelCard, SourceSound, TrainingFacts
from woodshed.artifacts.citations import Citation, cite_receipt
from woodshed.artifacts.model_file import LoadedModel, load_model, read_card, save_model
from woodshed.artifacts.outputs import read_receipt, write_output
from woodshed.artifacts.receipt import InputSound, Lender, Receipt
from woodshed.artifacts.shelf import ModelShelf

__all__ = [
    "BaseOfModel",
    "ChangeWhileRunning",
    "Citation",
    "InputSound",
    "Lender",
    "LoadedModel",
    "ModelCard",
    "ModelShelf",
    "Receipt",
    "SourceSound",
    "TrainingFacts",
    "cite_receipt",
    "load_model",
    "read_card",
    "read_receipt",
    "save_model",
    "write_output",
]
