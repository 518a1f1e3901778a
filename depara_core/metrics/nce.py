"""NCE: how well the source's labels determine the target's, over the same probes. Symbols: N probes."""

import numpy as np
from jaxtyping import Int

from depara_core.metrics.matrices import one_hot
from depara_core.metrics.metric import Metric


def nce(source: Int[np.ndarray, " N"], labels: Int[np.ndarray, " N"]) -> float:
    """Return the negative conditional entropy of the labels, at most 0, in nats (Tran et al., ICCV 2019).

    NCE = -H(Y | Z) = sum_{y, z} P(y, z) log(P(y, z) / P(z)), P the share of the N probes; 0 log 0 = 0.
    """
    joint = one_hot(labels).T @ one_hot(source) / len(labels)
    conditional = joint / joint.sum(axis=0)
    return float((joint * np.log(np.where(joint > 0, conditional, 1))).sum())


NCE = Metric(
    name="nce",
    title="NCE",
    takes=("source_labels", "labels"),
    paper="Tran et al., ICCV 2019",
    note="The conditional entropy with its sign turned, in nats: at most 0, 0 when the source's labels determine the "
    "target's.",
    symmetric=False,
    isometric=False,
    compute=nce,
)
