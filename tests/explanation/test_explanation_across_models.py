"""Several models over the same probes: neighbours and sentences by hand, ties, duplicates and what cannot be asked."""

import numpy as np
import pytest
from planted import graph, random_graph

import depara_core as depara
from depara_core.explanation import across_models

NAMES = ("cat", "dog", "car", "bus")


def model(name, **cosines):
    """A graph over NAMES from the cosines of its pairs, by their first letters: c(at) d(og) a (car) b(us)."""
    edges, at = np.eye(4), dict(zip("cdab", range(4), strict=True))
    for pair, cosine in cosines.items():
        i, j = (at[letter] for letter in pair)
        edges[i, j] = edges[j, i] = cosine
    return graph(random_graph(0, 4).maps, edges, model=f"m/{name}")


PETS = model("pets", cd=0.9, ca=0.2, cb=0.1, da=0.4, db=0.3, ab=0.8)
CARS = model("cars", cd=0.1, ca=0.5, cb=0.2, da=0.3, db=-0.001, ab=0.95)


def test_pairs_and_neighbours_by_hand():
    found = across_models([PETS, CARS], [0, 1, 2, 3], NAMES)
    assert found.models == ("pets", "cars")
    assert [found.nearest(0, k)[0] for k in range(4)] == [1, 0, 3, 2]
    assert [found.nearest(1, k)[0] for k in range(4)] == [2, 2, 3, 2]
    assert found.nearest(1, 0)[1] == pytest.approx(0.5)
    lines = found.most_alike_first(1, [(0, 1), (2, 3), (0, 2)])
    assert [line[:2] for line in lines] == [(2, 3), (0, 2), (0, 1)]
    assert [line[2] for line in lines] == pytest.approx([1, 0.8, 0.2])
    assert found.pair_sentence(0, 1) == (
        "cat and dog: most alike for pets (cosine 0.90, above 100 % of the pairs drawn), "
        "least for cars (cosine 0.10, above 20 % of the pairs drawn)."
    )
    assert found.pair_sentence(1, 3) == (
        "dog and bus: most alike for pets (cosine 0.30, above 40 % of the pairs drawn), "
        "least for cars (cosine 0.00, above 0 % of the pairs drawn)."
    )
    assert found.pair_sentence(3, 1).partition(":")[2] == found.pair_sentence(1, 3).partition(":")[2]
    assert found.probe_sentence(0) == "cat: of the images drawn, most alike to dog for pets, car for cars."
    assert found.probe_sentence(2) == "car: of the images drawn, most alike to bus for pets and cars."


def test_where_all_agree_and_where_many_vote():
    same = [model(f"m{k}", cd=0.9, ca=0.2, cb=0.1, da=0.4, db=0.3, ab=0.8) for k in range(3)]
    found = across_models(same, range(4), NAMES)
    assert found.pair_sentence(0, 1) == "cat and dog: more alike than 100 % of the pairs drawn, for every model."
    assert found.probe_sentence(0) == "cat: of the images drawn, most alike to dog for 3 of 3 models."
    wide = [random_graph(seed, 12, model=f"m/{seed}") for seed in range(9)]
    found = across_models(wide, range(12), [f"image {k}" for k in range(12)])
    voted = [found.nearest(k, 0)[0] for k in range(9)]
    named = sorted((voted.count(place) for place in set(voted)), reverse=True)
    assert len(named) > 3
    assert found.probe_sentence(0).endswith(f", others for {sum(named[3:])}.")


def test_an_image_twice_is_nearest_to_its_copy_and_never_to_itself():
    twice = model("twice", cd=1, ca=0.2, cb=0.3, da=0.2, db=0.3, ab=0.5)
    found = across_models([twice], range(4), NAMES)
    assert [found.nearest(0, k)[0] for k in range(4)] == [1, 0, 3, 2]


def test_only_the_chosen_probes_count_in_their_order():
    found = across_models([PETS], np.array([3, 0, 2]), NAMES)
    assert found.probes == ("bus", "cat", "car")
    assert found.nearest(0, 1) == (2, pytest.approx(0.2))
    assert found.ranks[0, 0, 2] == 1


@pytest.mark.parametrize("graphs, chosen", [([], [0, 1]), ([PETS], [2])])
def test_nothing_to_compare(graphs, chosen):
    with pytest.raises(depara.OptionError, match="at least one graph and two probes"):
        across_models(graphs, chosen, NAMES)
