"""The metrics that DEPARA is measured against, by name, each with its paper; more is better in all of them."""

from difflib import get_close_matches

from depara_core.errors import OptionError
from depara_core.metrics.cca import PWCCA, SVCCA
from depara_core.metrics.cka import CKA, CKA_RBF
from depara_core.metrics.dds import DDS_COSINE, DDS_LAPLACIAN, DDS_PEARSON
from depara_core.metrics.directed import DIRECTED
from depara_core.metrics.etran import ETRAN
from depara_core.metrics.gbc import GBC
from depara_core.metrics.graph import DEPARA, EDGES, NODES
from depara_core.metrics.hscore import HSCORE, HSCORE_SHRUNK
from depara_core.metrics.jaccard import JACCARD
from depara_core.metrics.knn import KNN
from depara_core.metrics.leep import LEEP
from depara_core.metrics.local_directed import LOCAL_DIRECTED
from depara_core.metrics.logme import LOGME
from depara_core.metrics.metric import Metric
from depara_core.metrics.modelgif import MODELGIF
from depara_core.metrics.nce import NCE
from depara_core.metrics.ncti import NCTI
from depara_core.metrics.parc import PARC
from depara_core.metrics.ped import PED
from depara_core.metrics.procrustes import PROCRUSTES
from depara_core.metrics.rsa import RSA
from depara_core.metrics.sfda import SFDA
from depara_core.metrics.transrate import TRANSRATE

__all__ = ["METRICS", "Metric", "metric"]

METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        DEPARA,
        NODES,
        EDGES,
        RSA,
        CKA,
        CKA_RBF,
        SVCCA,
        PWCCA,
        PROCRUSTES,
        JACCARD,
        DDS_COSINE,
        DDS_PEARSON,
        DDS_LAPLACIAN,
        DIRECTED,
        LOCAL_DIRECTED,
        MODELGIF,
        LOGME,
        LEEP,
        NCE,
        HSCORE,
        HSCORE_SHRUNK,
        TRANSRATE,
        PARC,
        KNN,
        GBC,
        SFDA,
        PED,
        NCTI,
        ETRAN,
    )
}


def metric(name: str) -> Metric:
    """Return a metric by its name.

    Parameters
    ----------
    name
        An entry of `METRICS`, such as "cka".

    Returns
    -------
    Metric
        Called with what its `takes` says.

    Raises
    ------
    OptionError
        For an unknown name.
    """
    if name not in METRICS:
        near = get_close_matches(str(name).lower(), METRICS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"The metric {name!r} is unknown.{hint} Expected one of: {', '.join(METRICS)}.")
    return METRICS[name]
