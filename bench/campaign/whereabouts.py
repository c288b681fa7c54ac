"""Where the machines of a site stand on this computer; its power back for one; a command on one.

    python whereabouts.py SITE_FILE
    python whereabouts.py SITE_FILE on MACHINE
    python whereabouts.py SITE_FILE sh MACHINE WORDS

The one part of the campaign that knows the product; it runs with the product's own Python.
"""

import json
import sys
from pathlib import Path

from standfast.cli.app import open_app
from standfast.mechanisms.hosts.local.names import namespace_path
from standfast.mechanisms.hosts.local.network import cables

LIMIT_S = 600.0


def main() -> None:
    app = open_app(Path(sys.argv[1]))
    here = app.here
    if sys.argv[2:3] == ["on"]:
        here.container(sys.argv[3]).power_on()
        return
    if sys.argv[2:3] == ["sh"]:
        print(app.connection(sys.argv[3]).run(("sh", "-c", sys.argv[4]), timeout_s=LIMIT_S).text)
        return
    machines = {}
    for machine in app.site.machines:
        container = here.container(machine.name)
        machines[machine.name] = {
            "roles": sorted(str(role) for role in machine.roles),
            "address": str(machine.address),
            "group": str(container.group.unified),
            "namespace": namespace_path(here.names.machine_namespace(machine.name)),
            "links": [outer for _, outer, _, _ in cables(machine)],
            "root": str(container.root),
            "data": str(container.data_folder("/var/lib/postgresql")),
        }
    print(json.dumps({"bridges": here.names.namespace, "machines": machines}))


if __name__ == "__main__":
    main()
