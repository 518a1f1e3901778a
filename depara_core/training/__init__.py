"""Making of the bundled zoo: scenes rendered, tasks trained, weights and model cards written."""

from depara_core.training.trainer import Recipe, Score
from depara_core.training.zoo import Outcome, report, train_zoo

__all__ = ["Outcome", "Recipe", "Score", "report", "train_zoo"]
