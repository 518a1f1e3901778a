"""How many images there are to draw probes from, told before any is opened."""

from contextlib import ExitStack
from typing import Any

from depara_core.probes.candidates import Candidates
from depara_core.probes.sources import collect


def count_images(source: Any) -> int:
    """Count what may be a probe: images by their names, and the entries of archives and tables; none is decoded.

    Parameters
    ----------
    source
        As `load_probes` takes it, but for "rooms", of which there are as many as asked for.

    Returns
    -------
    int
        At least as many as turn out to be usable.

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
        return len(candidates.found)
