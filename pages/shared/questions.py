"""What is asked about a pair of models, which says no more than their score does."""

from depara_core.explanation.text import UNRELATED


def question(source: str, target: str, total: float, lam: float) -> str:
    """Ask why S is what it is: near 0, against the 1 + lam that it could be, nothing looks transferable."""
    if abs(total) < UNRELATED * (1 + lam):
        return f"Why is {source} hardly related to {target}?"
    return f"Why does {source} look transferable to {target}?" if total > 0 else f"Why is {source} unlike {target}?"
