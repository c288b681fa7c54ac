"""Render the configuration files of other programs, strict about undefined names."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(package: str, name: str, *, html: bool = False, **model: object) -> str:
    """Render `templates/NAME` of a package. With `html`, values are escaped."""
    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(**model)
