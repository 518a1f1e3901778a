"""The pairs of probes behind one cell of a table of groups.

Symbols: N probes, E = N(N-1)/2 pairs i < j row by row.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from depara_core import pairs
from depara_core.errors import OptionError
from depara_core.explanation.contributions import Explanation


def pairs_between(why: Explanation, labels: Sequence[str], groups: tuple[str, str], top: int) -> pd.DataFrame:
    """List at most `top` pairs with one probe in each of two groups, the largest |share| first, as `pairs_within` does.

    `labels`: N, one a probe. The same group twice: the pairs within it.
    """
    count, known = len(why.probe_node), dict.fromkeys(labels)
    if len(labels) != count:
        raise OptionError(f"Expected one label for each of {count} probes, got {len(labels)} labels.")
    for group in groups:
        if group not in known:
            raise OptionError(f"There is no group {group!r}. Expected one of: {', '.join(known)}.")
    one, other = (np.array([label == group for label in labels], dtype=bool) for group in groups)
    i, j = np.triu_indices(count, k=1)
    kept = (one[i] & other[j]) | (other[i] & one[j])
    first, second = why.standard_ranks
    places = pairs.strongest(np.abs(first * second), kept, top)
    share = why.lam * first[places] * second[places]
    ranks = {"rank_a": why.ranks_a[places], "rank_b": why.ranks_b[places]}
    return pd.DataFrame({"i": i[places], "j": j[places], "share": share, **ranks})
