"""The networks of the layer study by name: what each learned where, and the layers to cut them at."""

from dataclasses import dataclass

from depara_core import rooms

ARCHITECTURE = "rooms-vgg-1"
CUTS = (*(f"conv{number}" for number in range(1, 13)), "output")  # layer k of the paper is CUTS[k - 1]


@dataclass(frozen=True)
class StudyNetwork:
    """A network of the layer study: the domain it learned in (see rooms.DOMAINS), and its task ("form" or "rich")."""

    name: str
    domain: str
    task: str
    summary: str

    @property
    def outputs(self) -> int:
        """How many logits its last layer gives; the rich task's 128 classes are products of three factors."""
        return len(rooms.FORM_CLASSES) if self.task == "form" else sum(rooms.RICH_FACTORS)


STUDY_NETWORKS = {
    study.name: study
    for study in (
        StudyNetwork(
            "dnn_source", "bare", "form", "Told the forms of objects apart in bare rooms (the source domain)."
        ),
        StudyNetwork(
            "dnn_rich", "real", "rich", "Told 128 classes of textured rooms and objects apart (as ImageNet's)."
        ),
        StudyNetwork(
            "dnn_target", "real", "form", "Told the forms of objects apart in textured rooms (the target domain)."
        ),
    )
}
STUDY_TARGET = "dnn_target"
STUDY_SOURCES = tuple(name for name in STUDY_NETWORKS if name != STUDY_TARGET)
