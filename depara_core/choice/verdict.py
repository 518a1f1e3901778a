"""The answer in words, with its doubt: the best candidate, those that cannot be told from it, and the cheapest."""

from collections.abc import Sequence

import numpy as np

from depara_core.choice.choice import IMAGENET, SIZE, Choice
from depara_core.choice.scores import INTERVAL, Score
from depara_core.formatting import counted, number, percent, score, signed

DDS = "dds_cosine"
STATIC = {SIZE: "size", IMAGENET: "published ImageNet accuracy"}


def verdict(choice: Choice) -> str:
    """Say which candidate is best, by what and how surely, which of its equals is the cheapest, what static facts say.

    Two candidates cannot be told apart where the paired 95 % interval of their difference over the images holds 0.
    """
    if choice.quality is None:
        return _without_scores(choice)
    names = [spec.id for spec in choice.specs]
    best = int(choice.quality.values.argmax())
    sentences = [_best(choice, best)]
    if len(names) > 1:
        equals = indistinguishable(choice.quality, best)
        if len(equals) == 1:
            sentences.append(f"These {len(choice.probes)} images are enough to tell it from every other candidate.")
        else:
            cheapest = min(equals, key=lambda place: choice.costs[names[place]].gflops)
            sentences.append(
                f"{len(equals)} candidates cannot be told apart on these {len(choice.probes)} images: "
                f"{_listed([names[place] for place in equals])}; the cheapest of them is {names[cheapest]} "
                f"({_work(choice, names[cheapest])})."
            )
    if choice.transfer is not None and choice.consensus is not None:
        sentences.append(_consensus(choice, best))
    sentences += [*_rival(choice), *_static(choice)]
    return " ".join(sentences)


def indistinguishable(quality: Score, best: int) -> list[int]:
    """Return the best and those whose paired difference to it may be 0, in the order of their quality."""
    low = np.percentile(quality.samples[:, [best]] - quality.samples, INTERVAL[0], axis=0)
    order = np.argsort(-quality.values, kind="stable")
    return [best, *(int(place) for place in order if place != best and low[place] <= 0)]


def _best(choice: Choice, best: int) -> str:
    name = choice.specs[best].id
    if choice.transfer is not None:
        row = next(row for row in choice.table.to_dict("records") if row["model"] == name)
        low, high = percent(row["accuracy_low"], 1), percent(row["accuracy_high"], 1)
        reached = f"{percent(row['accuracy'], 1)} ({low} to {high})"
        return f"By measured accuracy of a linear head on frozen features, {name} is best: {reached}."
    kinds = counted(len(choice.scores), "score")
    return f"By the mean of the ranks that {kinds} give, {name} is best; nothing was measured."


def _consensus(choice: Choice, best: int) -> str:
    told = choice.consensus.values if choice.consensus is not None else np.zeros(0)
    first = choice.specs[int(told.argmax())].id
    if first == choice.specs[best].id:
        return "The scores agree: it has the best mean rank too."
    return f"The scores alone would have taken {first}."


def _rival(choice: Choice) -> list[str]:
    """Say what DDS alone would have chosen."""
    if DDS not in choice.scores:
        return []
    first = choice.specs[int(choice.scores[DDS].values.argmax())].id
    return [f"By DDS alone it would be {first}{_follows(choice, DDS)}."]


def _follows(choice: Choice, name: str) -> str:
    follows = choice.agreement.get(name)
    return "" if follows is None else f" (its Spearman correlation with the measurement is {signed(follows)})"


def _static(choice: Choice) -> list[str]:
    """Say what size and published accuracy alone would have chosen, and how well each follows the measurement."""
    said = []
    for column, words in STATIC.items():
        known = choice.table.dropna(subset=[column])
        if not len(known) or known[column].nunique() < 2:
            said.append(f"{words[0].upper()}{words[1:]} tells nothing apart: it is " + _why_not(len(known)))
            continue
        more = _follows(choice, column)
        first = known.loc[known[column] == known[column].max(), "model"]
        told = f"it would be {first.iloc[0]}" if len(first) == 1 else f"{len(first)} candidates would be equally good"
        said.append(f"By {words} alone {told}{more}.")
    return said


def _why_not(known: int) -> str:
    return "known of none of them." if known == 0 else "known of one alone." if known == 1 else "the same for all."


def _without_scores(choice: Choice) -> str:
    known = choice.table.dropna(subset=[IMAGENET])
    if not len(known):
        return "Without labels or a target nothing tells these candidates apart but their costs."
    best = max(known.to_dict("records"), key=lambda row: float(row[IMAGENET]))
    return (
        "Without labels or a target nothing is known of your task. By published ImageNet accuracy alone it would be "
        f"{best['model']} ({number(best[IMAGENET], 1)} %)."
    )


def _work(choice: Choice, name: str) -> str:
    return f"{score(choice.costs[name].gflops)} GFLOPs"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
