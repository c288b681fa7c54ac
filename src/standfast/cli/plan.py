"""`standfast plan`: what `up` would put on each machine."""

import json
from pathlib import Path

import click

from standfast.cli.app import open_app
from standfast.cli.blueprint import preview
from standfast.mechanisms.rollout.plan import plan as bundles_of


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of words.")
@click.pass_obj
def plan(file: Path | None, as_json: bool) -> None:
    """Show what `up` would put on each machine: files, units, packages. Changes nothing."""
    app = open_app(file)
    bundles = bundles_of(preview(app))
    if as_json:
        shown = {name: json.loads(bundle.to_json()) for name, bundle in bundles.items()}
        click.echo(json.dumps({"site": app.site.name, "machines": redacted(shown)}))
        return
    for name, bundle in bundles.items():
        roles = next(sorted(each.roles) for each in app.site.machines if each.name == name)
        click.echo(f"{name}  ({', '.join(roles)})")
        click.echo(f"  packages  {', '.join(bundle.packages)}")
        click.echo(f"  units     {', '.join(unit.name for unit in bundle.units)}")
        for each in bundle.files:
            click.echo(f"  file      {each.path}  {each.mode:04o} {each.owner}:{each.group}")


def redacted(shown: dict[str, dict[str, list[dict[str, object]]]]) -> dict[str, object]:
    """Files that only root may read may hold secrets: their content is left out."""
    for bundle in shown.values():
        for each in bundle["files"]:
            if each["mode"] not in (0o644, 0o755):
                each["content"] = None
    return dict(shown)
