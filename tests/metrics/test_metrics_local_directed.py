"""The local directed score against scikit-learn cell by cell, planted cases, its exact split over probes and cells."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import depara_core as depara
from depara_core.errors import OptionError
from depara_core.metrics import local_directed as module
from depara_core.metrics.codes import as_code, resized
from depara_core.metrics.local_directed import PENALTIES, RELUS, SEED, explain_local, local_directed_pairs

metric = depara.metric("local_directed")


def code(seed, channels=3, side=4, count=40):
    return np.random.default_rng(seed).normal(size=(count, channels, side, side))


def kept_around(x, rng, outputs=2):
    """A linear map of each cell's 3 x 3 neighbourhood (0 beyond the border)."""
    framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernel = rng.normal(size=(outputs, x.shape[1], 3, 3))
    side = x.shape[2]
    y = np.zeros((len(x), outputs, side, side))
    for i in range(side):
        for j in range(side):
            y[:, :, i, j] = np.einsum("nckl,ockl->no", framed[:, :, i : i + 3, j : j + 3], kernel)
    return y


def slow_cells(x, fit):
    """Rows of features, cell by cell, written out: standardised neighbourhood, then the ReLUs."""
    count, channels, height, width = x.shape
    flat = np.moveaxis(x[fit], 1, 0).reshape(channels, -1)
    z = (x - flat.mean(1)[:, None, None]) / flat.std(1)[:, None, None]
    rng = np.random.default_rng(SEED)
    directions = rng.standard_normal((9 * channels, RELUS)) / np.sqrt(9 * channels)
    offsets = rng.standard_normal(RELUS) / 2
    rows = {}
    for n in range(count):
        for i in range(height):
            for j in range(width):
                cell = [
                    z[n, c, i + a, j + b] if 0 <= i + a < height and 0 <= j + b < width else 0.0
                    for c in range(channels)
                    for a in (-1, 0, 1)
                    for b in (-1, 0, 1)
                ]
                rows[n, i, j] = np.concatenate([cell, np.maximum(np.array(cell) @ directions + offsets, 0)])
    return rows


def slow(x, y):
    """R^2 by scikit-learn's ridge regression with an intercept, each penalty tried on the choosing probes."""
    parts = np.split(np.random.default_rng(SEED).permutation(len(x)), [round(0.6 * len(x)), round(0.8 * len(x))])
    rows = slow_cells(x, parts[0])
    sets = []
    for part in parts:
        keys = [key for key in rows if key[0] in set(part.tolist())]
        sets.append((np.stack([rows[key] for key in keys]), np.stack([y[n, :, i, j] for n, i, j in keys])))
    (a, b), (u, v), (s, t) = sets
    unit = ((a - a.mean(0)) ** 2).sum() / a.shape[1]
    tried = [(((v - b.mean(0)) ** 2).sum(), ((t - b.mean(0)) ** 2).sum())]
    for penalty in PENALTIES[:-1]:
        model = Ridge(alpha=penalty * unit, solver="cholesky").fit(a, b)
        tried.append((((v - model.predict(u)) ** 2).sum(), ((t - model.predict(s)) ** 2).sum()))
    return 1 - min(tried)[1] / ((t - b.mean(0)) ** 2).sum()


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed):
    x = code(seed)
    y = np.tanh(kept_around(x, np.random.default_rng(seed))) + code(seed + 9, 2)
    assert metric(x, y) == pytest.approx(slow(x, y), abs=1e-6)


def test_a_linear_map_of_the_neighbourhood_is_known_whole():
    x = code(0, count=80)
    x -= x[module.split_probes(80)[0]].mean(axis=(0, 2, 3), keepdims=True)  # so that what lies beyond the border is 0
    assert metric(x, kept_around(x, np.random.default_rng(1)) + 5) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_an_unrelated_source_knows_nothing(seed):
    assert metric(code(seed, count=100), code(seed + 50, count=100)) <= 0.005


def test_it_has_a_direction():
    """Three channels tell their sum; the sum does not tell the three."""
    x = code(0, count=80)
    y = x.sum(axis=1, keepdims=True)
    assert metric(x, y) > 0.99
    assert metric(y, x) < 0.5


def test_it_looks_at_places():
    """A code whose cells are shuffled within each picture holds the same numbers, and knows nothing of a cell."""
    rng = np.random.default_rng(0)
    x = code(0, count=100)
    shuffled = rng.permuted(x.reshape(100, 3, 16), axis=2).reshape(x.shape)
    assert metric(x, x) > 0.99
    assert metric(shuffled, x) < 0.05


def test_grids_that_differ_meet_on_the_coarser_one():
    x = code(0, side=8)
    y = x.reshape(40, 3, 4, 2, 4, 2).mean(axis=(3, 5))
    assert metric(x, y) == pytest.approx(1, abs=1e-4)
    assert metric(y, x) == pytest.approx(metric(x, y), abs=1e-9)


def test_uneven_grids_share_areas():
    assert resized(np.array([[[[1.0, 2.0, 3.0]]]]), 1, 2) == pytest.approx(np.array([[[[4 / 3, 8 / 3]]]]))
    x = code(0, side=7)
    np.testing.assert_allclose(resized(x, 3, 3).mean(axis=(2, 3)), x.mean(axis=(2, 3)))


def test_tokens_are_a_grid():
    x, y = code(0), kept_around(code(0), np.random.default_rng(0))
    tokens = np.moveaxis(x, 1, -1).reshape(40, 16, 3)
    with_class = np.concatenate([np.random.default_rng(3).normal(size=(40, 1, 3)), tokens], axis=1)
    for form in (tokens, with_class, np.moveaxis(x, 1, -1)):
        assert metric(form, y) == pytest.approx(metric(x, y))
    assert as_code(np.zeros((2, 34, 3))).shape == (2, 102, 1, 1)  # 25 cells and nine others: too many for a grid
    assert as_code(np.zeros((2, 197, 384))).shape == (2, 384, 14, 14)


def test_without_space_it_is_the_kernel_ridge_score():
    x, y = code(0), code(1)[:, :, 0, 0] + code(0)[:, :, 0, 0]
    expected = depara.metric("directed")(x.reshape(40, -1), y)
    assert metric(x, y) == pytest.approx(expected)
    assert metric(x, y[:, :, None, None]) == pytest.approx(expected)
    with pytest.raises(OptionError, match="target's has one cell"):
        explain_local(x, y)


def test_the_split_over_probes_and_cells_is_exact():
    x = code(0, count=50)
    y = kept_around(x, np.random.default_rng(0)) + code(7, 2, count=50)
    found = explain_local(x, y)
    assert found.known.shape == found.asked.shape == (10, 4, 4)
    assert found.known.sum() == pytest.approx(metric(x, y), abs=1e-12)
    assert found.by_probe.sum() == pytest.approx(found.score, abs=1e-12)
    assert found.asked.sum() == pytest.approx(1, abs=1e-12)
    assert (found.known <= found.asked + 1e-12).all()
    assert len(set(found.probes.tolist())) == 10
    table = found.to_frame()
    assert table["known"].sum() == pytest.approx(found.score)
    assert table["known"].is_monotonic_decreasing
    assert found.known[found.place(int(table["probe"][0]))].sum() == pytest.approx(table["known"][0])


def test_what_is_known_is_shown_where_it_is():
    """A source that is blind in the left half: trusted alike everywhere, it is worse than the mean there."""
    y = code(0, count=100, side=6)
    x = y.copy()
    x[:, :, :, :3] = np.random.default_rng(1).normal(size=x[:, :, :, :3].shape)
    found = explain_local(x, y)
    assert found.known[:, :, 3:].sum() > 0.25
    assert found.known[:, :, :3].sum() < 0


def test_it_is_a_match_of_graphs_whose_nodes_are_cells():
    """Only the edges of the two graphs of cells, inner products, enter: R^2 follows from the two Gram matrices."""
    x = code(0, count=30)
    y = np.tanh(kept_around(x, np.random.default_rng(0))) + code(5, 2, count=30)
    fit, choose, test = module.split_probes(30)
    features = module.cell_features(x, fit)
    order = np.concatenate([fit, choose, test])
    rows, columns = features[order].reshape(-1, features.shape[-1]), np.moveaxis(y, 1, -1)[order].reshape(-1, 2)
    a, b = 16 * len(fit), 16 * (len(fit) + len(choose))
    source, target = rows @ rows.T, columns @ columns.T  # the edges
    centre = np.eye(len(source))
    centre[:, :a] -= 1 / a
    source, target = centre @ source @ centre.T, centre @ target @ centre.T
    unit = np.trace(source[:a, :a]) / features.shape[-1]
    left = []
    for penalty in PENALTIES[:-1]:
        smooth = source[a:, :a] @ np.linalg.inv(source[:a, :a] + penalty * unit * np.eye(a))
        gap = target[a:, a:] - 2 * smooth @ target[:a, a:] + smooth @ target[:a, :a] @ smooth.T
        left.append((np.trace(gap[: b - a, : b - a]), np.trace(gap[b - a :, b - a :])))
    assert metric(x, y) == pytest.approx(1 - min(left)[1] / np.trace(target[b:, b:]), abs=1e-6)


def test_all_pairs_at_once_are_the_pairs_one_by_one():
    known = [code(0), kept_around(code(0), np.random.default_rng(0)), code(3, side=2), code(4)[:, :, :1, :1]]
    table = local_directed_pairs(known, known)
    for i, x in enumerate(known):
        for j, y in enumerate(known):
            assert table[i, j] == pytest.approx(metric(x, y), abs=1e-12)


def test_many_channels_are_read_by_their_leading_components():
    wide = np.einsum("nchw,dc->ndhw", code(0, 6), np.linalg.qr(np.random.default_rng(0).normal(size=(90, 6)))[0])
    assert metric(wide, code(0, 6)) > 0.9


def test_constant_codes_say_nothing():
    x, still = code(0), np.full((40, 3, 4, 4), 2.5)
    assert metric(still, x) == pytest.approx(0, abs=1e-12)
    assert metric(x, still) == 0
    assert metric(still, still) == 0


@pytest.mark.parametrize("count", [3, 4])
def test_too_few_probes_are_refused(count):
    with pytest.raises(OptionError, match=f"at least 5 probes, got {count}"):
        metric(code(0, count=count), code(1, count=count))


def test_five_probes_will_do():
    assert np.isfinite(metric(code(0, count=5), code(0, count=5)))


@pytest.mark.parametrize(
    ("bad", "message"),
    [(np.zeros(40), "shape \\(40,\\)"), (np.zeros((40, 3, 0, 4)), "0, 4"), (np.full((40, 1, 2, 2), np.nan), "finite")],
)
def test_what_is_no_code_is_refused(bad, message):
    with pytest.raises(OptionError, match=message):
        metric(bad, code(0))
