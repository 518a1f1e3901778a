"""The measured layer study on photographs, and what every way to choose a cut is worth against it.

Symbols: K cuts, R repetitions, B resamples. A setting is a seed, a source and a number of labels.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata
from scipy.stats import t as student_t

from depara_core.benchmark.transfer_table import read_json
from depara_core.errors import StoreError
from depara_core.paths import assets_folder

NAME = "fashion-layers"
MEASURE = "depara layers study --measure"
SCRATCH = "scratch"  # the control: nothing taken over
ANEW, TUNED = "anew", "fine-tuned"
WAYS = {ANEW: "Begun anew", TUNED: "Fine-tuned from the source"}  # what becomes of the layers after the cut
DEVELOPMENT = 0  # the seed that the design and every choice of a score were made on: it reports nothing
BASELINES = ("shallower", "deeper", "middle")  # rules that look at nothing
_ID = re.compile(r"fashion/(?P<name>\w+)@seed(?P<seed>\d+)")
SETTING = ["seed", "source", "labels"]
COLUMNS = ("seed", "way", "source", "k", "layer", "labels", "repetition", "accuracy")
SCORE_COLUMNS = ("seed", "source", "k", "layer", "labels", "predictor", "score")
INTERVAL = (2.5, 97.5)
TARGET = "dnn_target"  # what every source is cut for
FEWEST_CUTS = 4  # different cuts in a resample: fewer order nothing


def layer_table_path(folder: Path | None = None) -> Path:
    """Return where the measured accuracies are; their description lies beside them as .json."""
    return (folder or assets_folder() / "benchmark") / f"{NAME}.csv"


def layer_scores_path(folder: Path | None = None) -> Path:
    """Return where every predictor's score of every cut is."""
    return layer_table_path(folder).with_name(f"{NAME}-scores.csv")


def read_layer_study(folder: Path | None = None, *, way: str = ANEW) -> pd.DataFrame:
    """Return the measured accuracies, one row a seed, source, cut, number of labels and repetition.

    Columns: seed, source ("dnn_rich", ... or "scratch"), k and layer (the last frozen layer; 0 and "none" for scratch),
    labels (how many pictures the rest learned from), repetition, accuracy (share of right classes on fresh
    photographs).
    """
    table = read_measured(layer_table_path(folder), COLUMNS, MEASURE)
    table["source"] = table["source"].str.rpartition("/")[2].str.partition("@")[0]
    return table[table["way"] == way].drop(columns="way").reset_index(drop=True)


def read_layer_scores(folder: Path | None = None) -> pd.DataFrame:
    """Return every predictor's score of every cut; labels 0 stands for any number of labels."""
    return read_measured(layer_scores_path(folder), SCORE_COLUMNS, MEASURE)


def about_layer_study(folder: Path | None = None) -> dict[str, Any]:
    """Return how the study was made."""
    return read_json(layer_table_path(folder).with_suffix(".json"))


def read_measured(path: Path, columns: tuple[str, ...], command: str) -> pd.DataFrame:
    """Read a table of measured layers; raises StoreError, with the command that makes it, unless all columns are there.

    An empty cell stays an empty text, since "none" is the name of no layer.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"Expected measured layers at {path}, but they cannot be read ({error}). Restore the assets folder, or "
            f"measure them: {command}."
        ) from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise StoreError(f"Expected the columns {', '.join(columns)} in {path}; {', '.join(missing)} is not there.")
    return table


def settings(table: pd.DataFrame) -> Iterator[tuple[tuple[int, str, int], pd.DataFrame]]:
    """Yield each setting with its accuracies, repetition x cut; repetitions that lack a cut are left out."""
    measured = table[table["source"] != SCRATCH]
    for (seed, source, labels), rows in measured.groupby(SETTING):
        wide = rows.pivot(index="repetition", columns="k", values="accuracy").dropna()
        if len(wide):
            yield (int(str(seed)), str(source), int(str(labels))), wide


def fairness(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a setting: is the best cut inside the network, by more than chance?

    Columns: seed, source, labels, repetitions, best (the cut of the highest mean accuracy), accuracy (its mean),
    over_first and over_last (how much the best inner cut, chosen on the other repetitions, leads the first and the last
    one) with their 95 % t-intervals (`_low`, `_high`; NaN with one repetition).
    """
    rows = []
    for names, wide in settings(table):
        mean = wide.mean()
        row = dict(zip(SETTING, names, strict=True)) | {
            "repetitions": len(wide),
            "best": int(wide.columns[int(mean.argmax())]),
            "accuracy": float(mean.max()),
        }
        inner = [_others(wide, place).iloc[1:-1].idxmax() for place in range(len(wide))]
        for end, cut in (("first", wide.columns[0]), ("last", wide.columns[-1])):
            leads = np.array([wide[k].iloc[place] - wide[cut].iloc[place] for place, k in enumerate(inner)])
            low, high = _t_interval(leads)
            row |= {f"over_{end}": leads.mean(), f"over_{end}_low": low, f"over_{end}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def curves(table: pd.DataFrame, scores: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return a row a source, number of labels and cut of one seed: what was measured there and what each score says.

    Columns: source, labels, k, layer, accuracy (mean over repetitions), low, high (its 95 % t-interval; NaN with one
    repetition), scratch (mean accuracy with nothing taken over; NaN where it was not measured), then one a predictor.
    """
    names = table.drop_duplicates("k").set_index("k")["layer"]
    parts = []
    for (_, source, labels), wide in settings(table[table["seed"] == seed]):
        low, high = zip(*(_t_interval(wide[k].to_numpy()) for k in wide.columns), strict=True)
        scratch = table[(table["source"] == SCRATCH) & (table["seed"] == seed) & (table["labels"] == labels)]
        parts.append(
            pd.DataFrame(
                {"source": source, "labels": labels, "k": wide.columns, "layer": names[wide.columns].to_numpy()}
            )
            .assign(accuracy=wide.mean().to_numpy(), low=low, high=high, scratch=scratch["accuracy"].mean())
            .assign(**predictions(scores, (seed, source, labels), wide.columns))
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["source", "labels", "k", "layer"])


def measured_pair(source: str, target: str, folder: Path | None = None) -> pd.DataFrame | None:
    """Return the `curves` of one source of the study for its own target, by their ids; None for any other pair.

    None too where the study is not measured.
    """
    ends = [_ID.fullmatch(model) for model in (source, target)]
    if ends[0] is None or ends[1] is None or ends[1]["name"] != TARGET or ends[0]["seed"] != ends[1]["seed"]:
        return None
    try:
        table, scores = read_layer_study(folder), read_layer_scores(folder)
    except StoreError:
        return None
    found = curves(table, scores, int(ends[0]["seed"]))
    return found[found["source"] == ends[0]["name"]].reset_index(drop=True) if len(found) else None


def _t_interval(values: Float[np.ndarray, " R"]) -> tuple[float, float]:
    if len(values) < 2:
        return np.nan, np.nan
    half = student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return values.mean() - half, values.mean() + half


def _others(wide: pd.DataFrame, place: int) -> pd.Series:
    """Return the mean accuracy of every cut over the other repetitions (over all, where there is no other)."""
    return wide.drop(index=wide.index[place]).mean() if len(wide) > 1 else wide.mean()


def repetition_ceiling(table: pd.DataFrame) -> pd.DataFrame:
    """Return, by setting, how well one repetition's accuracies order the cuts as the mean of the others does."""
    rows = []
    for names, wide in settings(table):
        found = [_spearman(wide.iloc[place].to_numpy(), _others(wide, place).to_numpy()) for place in range(len(wide))]
        if len(wide) > 1:
            rows.append(dict(zip(SETTING, names, strict=True)) | {"spearman": np.mean(found)})
    return pd.DataFrame(rows, columns=[*SETTING, "spearman"])


def agreement(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row a setting and predictor: how well it orders the cuts, and what its choice costs.

    Columns: seed, source, labels, predictor, spearman (with the mean accuracy over repetitions), pick (the cut it puts
    first), best (the measured one), regret (the accuracy lost by cutting at the pick; too large where noise makes the
    best), fresh_regret (the same, repetition by repetition, against the best cut of the others) with its 95 %
    t-interval (`fresh_low`, `fresh_high`; NaN with one repetition).
    """
    rows = []
    for names, wide in settings(table):
        mean = wide.mean().to_numpy()
        best = np.array([wide[_others(wide, place).idxmax()].iloc[place] for place in range(len(wide))])
        for name, values in predictions(scores, names, wide.columns).items():
            pick = int(np.argmax(values))
            lost = best - wide.iloc[:, pick].to_numpy()
            low, high = _t_interval(lost)
            rows.append(
                dict(zip(SETTING, names, strict=True))
                | {"predictor": name, "spearman": _spearman(values, mean), "pick": int(wide.columns[pick])}
                | {"best": int(wide.columns[int(mean.argmax())]), "regret": float(mean.max() - mean[pick])}
                | {"fresh_regret": float(lost.mean()), "fresh_low": low, "fresh_high": high}
            )
    return pd.DataFrame(rows)


def predictions(
    scores: pd.DataFrame, names: tuple[int, str, int], cuts: pd.Index
) -> dict[str, Float[np.ndarray, " K"]]:
    """Return every predictor's scores of a setting's cuts, those of the rules that look at nothing first."""
    places = np.asarray(cuts, dtype=float)
    found = dict(zip(BASELINES, (-places, places, -np.abs(places - places.mean())), strict=True))
    seed, source, labels = names
    ours = scores[(scores["seed"] == seed) & (scores["source"] == source) & scores["labels"].isin((0, labels))]
    for name, rows in ours.groupby("predictor", sort=False):
        values = rows.set_index("k")["score"].reindex(cuts).to_numpy(float)
        if np.isfinite(values).all():
            found[str(name)] = values
    return found


def summary(table: pd.DataFrame, scores: pd.DataFrame, *, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Return a row a predictor, the best first: mean Spearman over settings, its 95 % interval, and regret.

    Columns: predictor, spearman, low, high (seeds, and within each setting cuts and repetitions, drawn with
    replacement), settings, regret and worst_regret (mean and largest accuracy lost).
    """
    found = agreement(table, scores)
    drawn: dict[str, dict[int, list[np.ndarray]]] = {}
    rng = np.random.default_rng(seed)
    for names, wide in settings(table):
        cuts = _draws(wide.shape[1], resamples, rng)
        repetitions = rng.integers(0, len(wide), (resamples, len(wide)))
        means = wide.to_numpy()[repetitions].mean(axis=1)
        for name, values in predictions(scores, names, wide.columns).items():
            known = _row_spearman(values[cuts], np.take_along_axis(means, cuts, axis=1))
            drawn.setdefault(name, {}).setdefault(names[0], []).append(known)
    rows = []
    for predictor, group in found.groupby("predictor", sort=False):
        low, high = np.percentile(_over_seeds(drawn[str(predictor)], resamples, seed), INTERVAL)
        mean = group["spearman"].mean()
        rows.append(
            {"predictor": predictor, "spearman": mean, "low": min(low, mean), "high": max(high, mean)}
            | {"settings": len(group), "regret": group["regret"].mean(), "worst_regret": group["regret"].max()}
        )
    return pd.DataFrame(rows).sort_values("spearman", ascending=False, kind="stable").reset_index(drop=True)


def _over_seeds(by_seed: dict[int, list[np.ndarray]], resamples: int, seed: int) -> Float[np.ndarray, " B"]:
    """Return the mean over settings of seeds that are drawn with replacement."""
    means = np.stack([np.mean(values, axis=0) for values in by_seed.values()])
    chosen = np.random.default_rng(seed + 1).integers(0, len(means), (len(means), resamples))
    return np.take_along_axis(means, chosen, axis=0).mean(axis=0)


def _draws(count: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return cuts drawn with replacement, at least `FEWEST_CUTS` different ones in each draw."""
    drawn = rng.integers(0, count, (resamples, count))
    while len(poor := np.flatnonzero([len(np.unique(row)) < min(FEWEST_CUTS, count) for row in drawn])):
        drawn[poor] = rng.integers(0, count, (len(poor), count))
    return drawn


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    return float(_row_spearman(a[None], b[None])[0])


def _row_spearman(a: Float[np.ndarray, "B K"], b: Float[np.ndarray, "B K"]) -> Float[np.ndarray, " B"]:
    """Return Spearman's correlation of every row, ties by average rank; 0 where one orders nothing."""
    x, y = (rankdata(values, axis=1) for values in (a, b))
    x, y = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (x, y))
    norms = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.divide((x * y).sum(axis=1), norms, out=np.zeros(len(a)), where=norms > 0)
