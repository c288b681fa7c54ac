"""Render the configuration files of other programs, strict about undefined names."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(package: str, name: str, *, html: bool = False, **model: object) -> str:
    """Render `templates/NAME` of a package. With `html`, values are escaped."""
    return environment(package, html).get_template(name).render(**model)


@cache
def environment(package: str, html: bool) -> Environment:
    """One for each package, because it keeps the templates that it has compiled."""
    return Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
