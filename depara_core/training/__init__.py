"""How the bundled zoo is trained, and how transfer among its tasks and layers is measured."""

from depara_core.training.trainer import HeldOutScore, Recipe
from depara_core.training.transfer_recording import record_decoders, record_transfer
from depara_core.training.zoo import TrainingOutcome, report, train_zoo

__all__ = ["HeldOutScore", "Recipe", "TrainingOutcome", "record_decoders", "record_transfer", "report", "train_zoo"]
