"""What follows from a world's scores and its measured transfer: quick, and kept for all sessions by the scores' key."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st

from depara_core import evaluation
from depara_core.benchmark import benchmarks, transfer_table
from depara_core.benchmark import scoring as scoring
from depara_core.benchmark import sweeps as sweeps
from depara_core.benchmark.titles import kinds, titles
from depara_core.figures import evaluation as figures
from pages.evaluate.material import BY_KEY, Material
from pages.evaluate.selection import Evaluate
from pages.shared import cache
from pages.shared.selection import Data, Pair


@st.cache_resource(show_spinner=False, max_entries=4)
def measured(world: str) -> transfer_table.TransferTable:
    """Return a world's table of measured transfer."""
    return benchmarks.BENCHMARKS[world].transfer_table


@st.cache_data(show_spinner=False, max_entries=16)
def transfer(world: str, budget: int | None, known: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return measured transfer, source x target, higher is better; only among the `known` models where given."""
    frame = measured(world).frame(budget)
    if known:
        frame = frame.loc[frame.index.isin(known), frame.columns.isin(known)]
    return frame


def transfer_of(material: Material, budget: int | None) -> pd.DataFrame:
    """Return measured transfer among the models that could be scored."""
    return transfer(material.world, budget, material.models)


def scores(material: Material, lam: float) -> dict[str, pd.DataFrame]:
    """Return every metric's scores; only DEPARA's depend on λ."""
    own = {"depara": cache.matrix(material.graphs, grid=material.grid).to_frame(lam)} if material.graphs else {}
    return {**own, **{name: frame for name, frame in material.scores.items() if name not in own}}


def all_scores(material: Material, lam: float, budget: int | None) -> dict[str, pd.DataFrame]:
    """Return every metric's scores at λ, and those of the controls that know the measured transfer."""
    table = transfer_of(material, budget)
    controls = zip(scoring.CONTROLS, (evaluation.static_mean(table), evaluation.symmetrised(table)), strict=True)
    return {**scores(material, lam), **dict(controls)}


@st.cache_resource(show_spinner=False, max_entries=32, hash_funcs=BY_KEY)
def assessment(material: Material, lam: float, budget: int | None) -> evaluation.Evaluation:
    """Return every ranking measure of every metric, and of the controls, with its interval."""
    return scoring.assess(scores(material, lam), transfer_of(material, budget))


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=BY_KEY)
def summary(material: Material, lam: float, budget: int | None) -> pd.DataFrame:
    """Return mean, low and high by (metric, figure)."""
    return assessment(material, lam, budget).summary()


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs=BY_KEY)
def chance(material: Material, lam: float, budget: int | None, metric: str, figure: str) -> float:
    """Return the probability that a random order does as well as the metric."""
    return assessment(material, lam, budget).p_random(metric, figure)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=BY_KEY)
def curves(
    material: Material, lam: float, budget: int | None, metrics: tuple[str, ...]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Return precision and recall of these metrics, of the measured transfer itself and of a random order.

    A metric's curve is the mean over the targets that it is defined for.
    """
    table, made = transfer_of(material, budget), all_scores(material, lam, budget)
    missing = assessment(material, lam, budget).undefined
    known = {name: table.drop(columns=list(missing.get(name, ()))) for name in metrics}
    drawn = {name: evaluation.precision_recall(made[name], known[name]) for name in metrics}
    return drawn, evaluation.precision_recall(table, table), evaluation.precision_recall(table * 0, table)


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=BY_KEY)
def over_lambda(material: Material, budget: int | None) -> pd.DataFrame:
    """Return the figures of DEPARA over λ."""
    return sweeps.over_lambda(cache.matrix(material.graphs, grid=material.grid), transfer_of(material, budget))


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs=BY_KEY)
def swept(
    material: Material, lam: float, budget: int | None, _sweeps: tuple[sweeps.Sweep, sweeps.Sweep]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures of DEPARA over the number of probes, and over sets of probes."""
    table = transfer_of(material, budget)
    return tuple(sweep.measures(table, lam) for sweep in _sweeps)


@st.cache_data(show_spinner=False, max_entries=32)
def measured_tree(world: str, budget: int | None, known: tuple[str, ...] = ()) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the tree of measured transfer as a scipy linkage, and its models."""
    return evaluation.measured_tree(transfer(world, budget, known))


@st.cache_data(show_spinner=False, max_entries=128, hash_funcs=BY_KEY)
def ranked(material: Material, lam: float, budget: int | None, metric: str, target: str) -> tuple[pd.Series, pd.Series]:
    """Return one metric's scores of a target's candidate sources, and their measured transfer, by source."""
    table = transfer_of(material, budget)
    values = table[target].drop(target, errors="ignore").dropna()
    return all_scores(material, lam, budget)[metric][target].reindex(values.index), values


@dataclass(frozen=True, eq=False)
class View:
    """What the page shows: scores at one λ against the measured transfer of one budget, by one ranking measure."""

    material: Material
    lam: float
    budget: int | None
    figure: str
    mine: Evaluate
    data: Data
    chosen: Pair
    dark: bool

    @property
    def key(self) -> str:
        """The scores' own key, for charts."""
        return self.material.key

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Measured transfer, source x target."""
        return transfer_of(self.material, self.budget)

    @property
    def targets(self) -> int:
        """How many targets were measured."""
        return len(self.measured.columns)

    @cached_property
    def result(self) -> evaluation.Evaluation:
        """Every figure of every metric."""
        return assessment(self.material, self.lam, self.budget)

    @cached_property
    def found(self) -> pd.DataFrame:
        """Mean, low and high by (metric, figure)."""
        return summary(self.material, self.lam, self.budget)

    @cached_property
    def by_target(self) -> pd.DataFrame:
        """The chosen figure, target x metric."""
        return self.result.per_target.pivot(index="target", columns="metric", values=self.figure)

    @cached_property
    def looks(self) -> dict[str, figures.Look]:
        """How each metric that could be scored is drawn, in the metrics' own order."""
        known = dict.fromkeys(self.found.index.get_level_values("metric"))
        return {name: self.every_look[name] for name in known}

    @cached_property
    def every_look(self) -> dict[str, figures.Look]:
        """How each metric there is would be drawn: the same look wherever it comes."""
        names = (*scoring.SCORES, *scoring.CONTROLS)
        return figures.looks(titles(names), kinds(names), dark=self.dark)

    @cached_property
    def pair(self) -> tuple[str, str]:
        """The metric looked at and its rival: the address's where they are defined, else the first two others."""
        known, wanted = list(self.looks), self.mine
        metric = wanted.metric if wanted.metric in known else known[0]
        others = [name for name in known if name != metric]
        return metric, wanted.rival if wanted.rival in others else others[0]


@st.cache_data(show_spinner=False, max_entries=4)
def groups(world: str) -> dict[str, str]:
    """Return every model's family of tasks."""
    return {spec.id: spec.group for spec in benchmarks.BENCHMARKS[world].models}


# ---- the zoo of another seed ----


def held_out(budget: int | None) -> evaluation.Evaluation | None:
    """Return the evaluation on the zoo that no choice was made on, where its tables are here."""
    tables = (scoring.HELD_OUT, f"{scoring.HELD_OUT}-scores")
    return _held_out(budget) if all(transfer_table.table_path(name).exists() for name in tables) else None


@st.cache_data(show_spinner=False, max_entries=4)
def held_out_summary(budget: int | None) -> pd.DataFrame:
    """Return mean, low and high by (metric, figure) on that zoo."""
    return _held_out(budget).summary()


@st.cache_resource(show_spinner=False, max_entries=4)
def _held_out(budget: int | None) -> evaluation.Evaluation:
    made, table = scoring.held_out()
    return scoring.assess(made, table.frame(budget if budget in table.budgets else None))
