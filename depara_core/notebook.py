"""What a notebook shows of a result: small HTML in which every value is text, never markup."""

from collections.abc import Sequence
from html import escape

MOST = 24  # rows and columns of a table that is shown whole


def facts(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a title and a row a fact."""
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(what)}</td></tr>" for name, what in rows
    )
    return f"<div><b>{escape(title)}</b><table>{body}</table></div>"


def shades(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    written: Sequence[Sequence[str]],
    share: Sequence[Sequence[float]],
) -> str:
    """Return a table of numbers on a violet ground, the stronger the larger their `share` (0 to 1).

    Beyond 24 rows or columns the rest is left out, and counted.
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns[:MOST])
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        + "".join(
            f"<td style='background:rgba(110,70,215,{0.45 * min(1.0, max(0.0, part)):.2f})'>{escape(text)}</td>"
            for text, part in zip(texts[:MOST], parts[:MOST], strict=True)
        )
        + "</tr>"
        for name, texts, parts in zip(rows[:MOST], written[:MOST], share[:MOST], strict=True)
    )
    left = [
        f"{len(side) - MOST} more {what}" for side, what in ((rows, "rows"), (columns, "columns")) if len(side) > MOST
    ]
    more = f"<p>and {escape(', '.join(left))}</p>" if left else ""
    return f"<div><b>{escape(title)}</b><table><tr><th></th>{head}</tr>{body}</table>{more}</div>"
