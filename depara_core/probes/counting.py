"""What there is to draw probes from, told before any image is opened."""

from contextlib import ExitStack
from typing import Any

from depara_core.probes.candidates import Candidates
from depara_core.probes.folders import folders_tell
from depara_core.probes.sources import collect


def count_splits(source: Any) -> dict[str, int]:
    """Count what may be a probe, by its split, without opening an image.

    Parameters
    ----------
    source
        As `load_probes` takes it, but for "rooms", of which there are as many as asked for.

    Returns
    -------
    dict
        By the splits' names, sorted; under "" alone where no folder is named like one. At least as many as turn out
        to be usable.

    Raises
    ------
    ProbeError
        Nothing can be read there.
    OptionError
        The source is none, or may not be read.
    """
    with ExitStack() as opened:
        candidates = Candidates(opened)
        collect(candidates, source)
        names = [one.name for one in candidates.found]
    splits = folders_tell(names)[1] or [""] * len(names)
    return {name: splits.count(name) for name in sorted(set(splits))}
