"""A choice by what a file tells of the images: a column of classes in place of their labels, or a target of its own."""

from dataclasses import replace

from depara_core.graphs import AttributionGraph
from depara_core.probes import ProbeSet
from depara_core.target_files import File, classes_in, read_target


def by_file(
    probes: ProbeSet, path: File, *, target: str | None = None, name: str | None = None
) -> tuple[ProbeSet, AttributionGraph | None]:
    """Return the images as `choose` takes them, and its target, for a .csv or .npz that tells of them.

    One column of classes stands in the place of the images' labels, so that all of the table is known: the target is
    None. Anything else (numbers, several columns, boxes, masks, an embedding) is a target of edges alone, and the
    images' own labels are left aside. The arguments are those of `read_target`.
    """
    classes = classes_in(path, probes, target=target, name=name)
    if classes is not None:
        return replace(probes, labels=classes), None
    return replace(probes, labels=None), read_target(path, probes, target=target, name=name)
