"""`standfast completion`: let a shell complete the command line."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands and options.

    Put bin/standfast on the PATH as `standfast`, for example by a link in /usr/local/bin. Then:

    \b
      bash  standfast completion bash > /etc/bash_completion.d/standfast
            (needs the package bash-completion), or in ~/.bashrc:
            source <(standfast completion bash)
      zsh   in ~/.zshrc, after compinit: source <(standfast completion zsh)
      fish  standfast completion fish > ~/.config/fish/completions/standfast.fish
    """
    root = context.find_root()
    script = get_completion_class(shell)
    assert script is not None, "click knows the three shells"
    name = str(root.info_name)
    click.echo(script(root.command, {}, name, f"_{name.upper()}_COMPLETE").source())
