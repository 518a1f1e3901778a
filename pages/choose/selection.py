"""What the Choose page compares candidates with."""

from dataclasses import dataclass

from pages.shared.address import Part, choice

AGAINST = {
    "labels": "Labels of the images",
    "table": "A table or embedding",
    "network": "A trained network",
    "none": "Nothing",
}


@dataclass(frozen=True)
class Choose(Part):
    """What tells which candidate is good, whether their accuracy is measured, and on what else they are ranked."""

    PAGE = "choose"
    against: str = choice("labels", lambda: AGAINST)
    measured: bool = False
    others: str = ""  # another set of images to rank the candidates on, as `Data.probes` names one
