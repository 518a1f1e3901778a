"""Making of the bundled zoo and of what is known of it: tasks trained, cards written, transfer measured."""

from depara_core.training.trainer import Recipe, Score
from depara_core.training.transfer_recording import record_decoders, record_transfer
from depara_core.training.zoo import TrainingOutcome, report, train_zoo

__all__ = ["Recipe", "Score", "TrainingOutcome", "record_decoders", "record_transfer", "report", "train_zoo"]
