"""The templates of what is exported, and the two ways to fill them.

In HTML every value is text: what a name holds is never markup. In Python every value is a literal: what a name holds is
never code. Only what the filters of this module mark is written as it stands.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from depara_core.formatting import interval, printable, score, slug

_FOLDER = Path(__file__).with_name("templates")


class Code(str):
    """A piece of Python that is written as it stands."""

    __slots__ = ()


def fill_html(template: str, **values: Any) -> str:
    """Fill a template of HTML; strings are escaped and put on one line, `Markup` is written as it is."""
    return _html().get_template(template).render(values)


def fill_python(template: str, **values: Any) -> str:
    """Fill a template of Python; values are written as literals, what the filter `code` marks as it is."""
    return _python().get_template(template).render(values)


@cache
def _html() -> Environment:
    made = _environment(autoescape=True, finalize=_text)
    made.filters.update(
        slug=slug,
        score=score,
        interval=lambda one: interval(one.low, one.high),
        lines=lambda text: Markup("{}").format(text),
    )
    made.policies["json.dumps_function"] = _json
    return made


@cache
def _python() -> Environment:
    made = _environment(autoescape=False, finalize=_literal)
    made.filters.update(code=Code, comment=lambda text: Code(printable(text)))
    return made


def _environment(**options: Any) -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _text(value: Any) -> Any:
    """Return text that XML and UTF-8 can hold, on one line; markup stays."""
    return value if isinstance(value, Markup) else printable(str(value))


def _literal(value: Any) -> str:
    """Return a value as Python writes it; code stays, and what is missing raises."""
    return str(value) if isinstance(value, Code | Undefined) else repr(value)


def _json(value: Any, **options: Any) -> str:
    """Write JSON in the order given, in ASCII."""
    return json.dumps(value, ensure_ascii=True)
