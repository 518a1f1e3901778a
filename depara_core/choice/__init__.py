"""Which candidate for my task? Scores, measured transfer and costs of many candidates on one set of images."""

from depara_core.choice.by_file import by_file
from depara_core.choice.choice import Choice
from depara_core.choice.choosing import choose, measured
from depara_core.choice.stability import stability
from depara_core.choice.verdict import verdict

__all__ = ["Choice", "by_file", "choose", "measured", "stability", "verdict"]
