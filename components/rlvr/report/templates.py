"""The templates of this package: values are cleaned and escaped, an unknown name is an error."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rlvr.report.text import FILTERS, clean


def render(name: str, told: dict[str, Any], *, escape: bool = True) -> str:
    """The template `name` filled with `told`.

    `escape` is for HTML; a Markdown template takes foreign text through the filter `plain_markdown` instead.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=escape,
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template(name).render(told)
