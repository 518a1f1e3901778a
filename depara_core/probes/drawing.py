"""Which images a sample takes: seeded, and spread over the classes where there are labels."""

from collections.abc import Sequence

import numpy as np


def order_of_draw(count: int, labels: Sequence[str | None] | None, seed: int) -> list[int]:
    """Return all `count` indices in the order in which a sample takes them.

    With labels, the first ones are one image of every class, and every further stretch holds the classes in
    proportion: the k-th image of a class of n comes at (k + 1/2) / n of the way. Without, it is a plain permutation.
    """
    shuffled = np.random.default_rng(seed).permutation(count)
    if labels is None:
        return [int(i) for i in shuffled]
    sizes: dict[str | None, int] = {}
    for label in labels:
        sizes[label] = sizes.get(label, 0) + 1
    seen: dict[str | None, int] = {}
    places: list[tuple[float, int, int]] = []
    for turn, index in enumerate(shuffled):
        label = labels[index]
        rank = seen.get(label, 0)
        seen[label] = rank + 1
        places.append((-1.0 if rank == 0 else (rank + 0.5) / sizes[label], turn, int(index)))
    return [index for _, _, index in sorted(places)]
