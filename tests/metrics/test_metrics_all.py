"""What every entry of METRICS owes: finite values, a sign, its declared invariances, defined extremes, clear errors."""

import numpy as np
import pytest
from planted import graph, random_graph

from depara_core.errors import OptionError
from depara_core.metrics import METRICS, metric

FEATURES = ("rsa", "cka", "cka_rbf", "svcca", "pwcca", "dds_cosine", "dds_pearson", "dds_laplacian", "directed")
FEATURES += ("procrustes", "jaccard")
CODES = ("local_directed",)
LABELLED = ("logme", "hscore", "hscore_shrunk", "transrate", "parc", "knn", "gbc", "sfda", "ped", "ncti", "etran")
NAMES = ("depara", "nodes", "edges", *FEATURES, *CODES, "modelgif", "logme", "leep", "nce", *LABELLED[1:])
UNORDERED = ("directed", "local_directed")  # which probes are fitted is drawn by their place
COUNT = 60


def features(seed, columns=6, count=COUNT):
    """Correlated Gaussian features of different scales."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, columns)) * rng.uniform(0.5, 2, columns) + rng.normal(size=(count, 1))


def classes(seed, count=COUNT, number=3):
    return np.random.default_rng(seed).permutation(np.arange(count) % number)


def codes(seed, channels=4, count=COUNT):
    """Spatial codes (N, C, 3, 3) whose channels and cells hang together."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, channels, 3, 3)) + rng.normal(size=(count, channels, 1, 1))


def fields(seed, count=COUNT):
    """Gradient fields (N, K, P)."""
    return np.random.default_rng(seed).normal(size=(count, 3, 16))


def telling(labels, seed, noise=0.3):
    """Features that tell the labels."""
    rng = np.random.default_rng(seed)
    return 3 * np.eye(8)[labels] + noise * rng.normal(size=(len(labels), 8))


def probabilities(labels, seed, certainty=4.0):
    logits = certainty * np.eye(5)[labels] + np.random.default_rng(seed).normal(size=(len(labels), 5))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def related(name, seed=0):
    """Two arguments that belong together: the best case of a metric."""
    labels = classes(seed)
    first, second = METRICS[name].takes
    if first == "graph":
        return random_graph(seed), random_graph(seed)
    if second == "codes":
        return codes(seed), codes(seed)
    if second == "field":
        return fields(seed), fields(seed)
    if second == "features":
        return features(seed), features(seed)
    source = {"features": telling, "probabilities": probabilities, "source_labels": lambda labels, _: labels}
    return source[first](labels, seed), labels


def unrelated(name, seed=0):
    """The same second argument beside a first that knows nothing of it."""
    _, second = related(name, seed)
    others = {
        "graph": lambda: random_graph(seed + 1),
        "features": lambda: features(seed + 1),
        "codes": lambda: codes(seed + 1),
        "field": lambda: fields(seed + 1),
        "probabilities": lambda: probabilities(classes(seed + 1), seed),
        "source_labels": lambda: classes(seed + 1),
    }
    return others[METRICS[name].takes[0]](), second


def mixed(name, seed=0):
    """Arguments that share something, so that a metric is neither at its best nor at its worst."""
    first, second = unrelated(name, seed)
    if METRICS[name].takes == ("features", "features"):
        return first, second + first @ np.random.default_rng(seed).normal(size=(6, 6))
    if METRICS[name].takes[0] == "codes":
        return first, second + 2 * np.tanh(first[:, ::-1])
    if METRICS[name].takes[0] == "features":
        return telling(second, seed, noise=2.0), second
    return first, second


def test_the_table_is_complete():
    assert set(METRICS) == set(NAMES)
    words = {"features", "codes", "field", "labels", "probabilities", "source_labels", "graph"}
    for name, entry in METRICS.items():
        assert entry.name == name
        assert set(entry.takes) <= words
        assert all((entry.title, entry.paper, entry.note))
    assert len({entry.title for entry in METRICS.values()}) == len(METRICS)
    assert {name for name, entry in METRICS.items() if entry.regression} == {"logme", "parc"}


@pytest.mark.parametrize("name", NAMES)
def test_a_finite_number_and_untouched_arguments(name):
    first, second = mixed(name)
    copies = [value.nodes.copy() if METRICS[name].takes[0] == "graph" else value.copy() for value in (first, second)]
    score = metric(name)(first, second)
    assert type(score) is float
    assert np.isfinite(score)
    assert score == metric(name)(first, second)
    for value, copy in zip((first, second), copies, strict=True):
        np.testing.assert_array_equal(value.nodes if METRICS[name].takes[0] == "graph" else value, copy)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_more_is_better(name, seed):
    assert metric(name)(*related(name, seed)) > metric(name)(*unrelated(name, seed))


@pytest.mark.parametrize("name", [*FEATURES, *CODES, "depara", "nodes", "edges"])
def test_symmetry_is_as_declared(name):
    first, second = mixed(name)
    there, back = metric(name)(first, second), metric(name)(second, first)
    assert (abs(there - back) < 1e-10) == METRICS[name].symmetric


@pytest.mark.parametrize("name", [*FEATURES, *LABELLED])
def test_isometry_is_as_declared(name):
    """Rotated and embedded in more columns, the features score the same exactly where the table says so."""
    first, second = mixed(name)
    first = first / 4 if name == "sfda" else first  # so that its covariance is shrunk at all
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(11, first.shape[1])))[0].T
    moved = metric(name)(first @ turn, second)
    assert (moved == pytest.approx(metric(name)(first, second), abs=1e-9)) == METRICS[name].isometric
    if METRICS[name].isometric and METRICS[name].takes[1] == "features":
        turn = np.linalg.qr(np.random.default_rng(6).normal(size=(11, second.shape[1])))[0].T
        assert metric(name)(first, second @ turn) == pytest.approx(metric(name)(first, second), abs=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if METRICS[name].isometric])
def test_wide_features_can_be_compressed(name):
    """(N, D) features with D > N give what their (N, N) coordinates give."""
    labels = classes(0)
    wide = features(3, columns=150) + np.pad(telling(labels, 3), ((0, 0), (0, 142)))
    second = features(4, columns=150) if METRICS[name].takes[1] == "features" else labels
    left, scale, _ = np.linalg.svd(wide, full_matrices=False)
    assert metric(name)(left * scale, second) == pytest.approx(metric(name)(wide, second), rel=1e-8)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*UNORDERED, "depara", "nodes", "edges")])
def test_the_order_of_the_probes_does_not_matter(name):
    first, second = mixed(name)
    order = np.random.default_rng(9).permutation(COUNT)
    assert metric(name)(first[order], second[order]) == pytest.approx(metric(name)(first, second), abs=1e-9)


@pytest.mark.parametrize("name", [*FEATURES, "hscore", "hscore_shrunk", "parc", "knn"])
def test_the_scale_of_the_features_does_not_matter(name):
    first, second = mixed(name)
    for scale in (1e-12, 7.0, 1e12):
        assert metric(name)(scale * first, second) == pytest.approx(metric(name)(first, second), abs=1e-8)


@pytest.mark.parametrize("name", [name for name in (*FEATURES, *LABELLED) if name not in ("rsa", "logme", "etran")])
def test_a_shift_of_the_columns_does_not_matter(name):
    first, second = mixed(name)
    moved = first + np.arange(first.shape[1])
    assert metric(name)(moved, second) == pytest.approx(metric(name)(first, second), abs=1e-8)


UNDEFINED = dict.fromkeys((*FEATURES, "hscore", "hscore_shrunk", "transrate", "parc"), 0.0)


@pytest.mark.parametrize("name", [*FEATURES, *LABELLED])
@pytest.mark.parametrize("value", [0.0, 0.1, -3e8])
def test_constant_features_have_a_defined_value(name, value):
    constant = np.full((COUNT, 7), value)
    _, second = mixed(name)
    score = metric(name)(constant, second)
    assert np.isfinite(score)
    if name in UNDEFINED:
        assert score == 0
    if name == "gbc":
        assert score == pytest.approx(-6)  # three classes that are the same: six ordered pairs overlap wholly
    if METRICS[name].takes[1] == "features":
        assert metric(name)(second, constant) == 0
        assert metric(name)(constant, constant) == 0


@pytest.mark.parametrize("name", [*FEATURES, *LABELLED])
@pytest.mark.parametrize("case", ["three", "wide", "copies", "silent column", "one each", "float32", "tiny", "huge"])
def test_extreme_features_give_finite_scores(name, case):
    count = {"three": 3, "copies": 40, "one each": 5}.get(case, 20)
    first = features(1, columns=90 if case == "wide" else 4, count=count)
    if case == "copies":
        first = np.repeat(first[:4], 10, axis=0)
    if case == "silent column":
        first[:, 1:] = 0.3
    if case == "float32":
        first = first.astype(np.float32)
    first *= {"tiny": 1e-150, "huge": 1e59}.get(case, 1)
    labels = np.arange(count) % (5 if case == "one each" else 2)
    second = features(2, count=count) if METRICS[name].takes[1] == "features" else labels
    assert np.isfinite(metric(name)(first, second))
    if METRICS[name].takes[1] == "features":
        assert np.isfinite(metric(name)(first, first))


def test_labels_of_any_spelling():
    first, labels = mixed("knn")
    spellings = (labels * 100 - 7, labels.astype(np.uint8), labels.tolist(), labels == 1)
    scores = [metric("hscore")(first, spelling) for spelling in spellings]
    assert scores[:3] == [metric("hscore")(first, labels)] * 3
    assert scores[3] < scores[0]
    assert metric("nce")(labels == 1, labels) == metric("nce")((labels == 1).astype(int), labels)
    assert metric("nce")(np.zeros(COUNT, dtype=int), labels) == pytest.approx(-np.log(3))  # a source of one class


def test_whole_numbers_and_nested_lists_are_features():
    values = np.random.default_rng(0).integers(0, 9, (10, 3))
    assert metric("cka")(values, values.astype(np.float32).tolist()) == pytest.approx(1)


def test_targets_of_one_column():
    first, labels = mixed("logme")
    numbers = labels.astype(np.float64)
    assert metric("logme")(first, numbers) == metric("logme")(first, numbers[:, None])


GOOD = features(0)


@pytest.mark.parametrize(
    "name, first, second, message",
    [
        ("cka", GOOD, classes(0), r"The second argument of cka should be features .* got shape \(60,\)"),
        ("cka", GOOD.reshape(60, 3, 2), GOOD, r"first argument of cka .* \(60, 3, 2\)\. Flatten"),
        ("cka", GOOD, GOOD[:50], r"got features of shape \(60, 6\) and features of shape \(50, 6\)"),
        ("logme", GOOD, classes(0)[:50], r"got features of shape \(60, 6\) and labels of shape \(50,\)"),
        ("leep", probabilities(classes(0), 0), classes(0)[1:], r"probabilities of shape \(60, 5\) and labels"),
        ("cka", GOOD[:2], GOOD[:2], "at least 3 probes; got 2"),
        ("cka", GOOD[:, :0], GOOD, r"got shape \(60, 0\)"),
        ("cka", np.where(GOOD > 1, np.nan, GOOD), GOOD, r"finite numbers .*; \d+ of 360 in shape \(60, 6\) are not"),
        ("cka", np.where(GOOD > 1, np.inf, GOOD), GOOD, "finite numbers"),
        ("cka", GOOD * 1e61, GOOD, r"at most 1e\+60"),
        ("cka", GOOD.astype(complex), GOOD, "got an array of complex128"),
        ("cka", GOOD.astype(str), GOOD, "got an array of <U"),
        ("knn", GOOD, classes(0).astype(float), r"integer class labels of shape \(probes,\); got float64"),
        ("knn", GOOD, classes(0)[:, None], r"got int64 of shape \(60, 1\)"),
        ("knn", GOOD, np.zeros(60, dtype=int), "at least two classes; all 60 labels are of one class"),
        ("logme", GOOD, np.ones(60, dtype=int), "at least two classes"),
        ("logme", GOOD, np.full(60, np.nan), "finite numbers"),
        ("parc", GOOD, np.ones((60, 2, 2)), r"numbers \(probes, targets\); got shape \(60, 2, 2\)"),
        ("parc", GOOD, classes(0).astype(str), r"integer labels \(probes,\) or numbers"),
        ("leep", GOOD, classes(0), "should be probabilities .* Apply softmax first"),
        ("leep", probabilities(classes(0), 0) / 2, classes(0), r"row sums from 0\.5 to 0\.5"),
        ("leep", np.eye(5)[classes(0)] * 2 - 0.2, classes(0), r"got values from -0\.2"),
        ("nce", GOOD[:, 0], classes(0), "first argument of nce should be integer class labels"),
        ("depara", GOOD, random_graph(0), "first argument of depara should be an AttributionGraph; got ndarray"),
        ("nodes", random_graph(0), random_graph(0, count=11), "only over the same probes"),
    ],
)
def test_what_a_metric_cannot_take(name, first, second, message):
    with pytest.raises(OptionError, match=message):
        metric(name)(first, second)


@pytest.mark.parametrize(
    "name, hint", [("CKA", "'cka'"), ("cka-rbf", "'cka_rbf'"), ("h-score", "'hscore'"), ("pwca", "'pwcca'")]
)
def test_an_unknown_name_suggests_a_near_one(name, hint):
    with pytest.raises(OptionError, match=f"Did you mean {hint}. Expected one of: .*rsa, cka, cka_rbf"):
        metric(name)


def test_an_unknown_name_far_from_all():
    with pytest.raises(OptionError, match=r"The metric 'zzz' is unknown\. Expected one of: depara, nodes, edges, rsa"):
        metric("zzz")


def test_graphs_are_scored_as_the_similarity_scores_them():
    # Maps: cosines 1, 0, -1 and 1; edges in ranks 1 .. 6 against the same order but for one exchange of neighbours.
    maps = np.reshape([[1, 0], [1, 0], [1, 0], [0, 2]], (4, 1, 1, 2))
    others = np.reshape([[2, 0], [0, 3], [-1, 0], [0, 1]], (4, 1, 1, 2))
    edges, exchanged = np.eye(4), np.eye(4)
    edges[np.triu_indices(4, k=1)] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    exchanged[np.triu_indices(4, k=1)] = [0.2, 0.1, 0.3, 0.4, 0.5, 0.6]
    a, b = (graph(m, e + e.T - np.eye(4)) for m, e in ((maps, edges), (others, exchanged)))
    assert metric("nodes")(a, b) == pytest.approx(0.25)
    assert metric("edges")(a, b) == pytest.approx(1 - 6 * 2 / (6 * 35))
    assert metric("depara")(a, b) == pytest.approx(0.25 + 1 - 6 * 2 / (6 * 35))
