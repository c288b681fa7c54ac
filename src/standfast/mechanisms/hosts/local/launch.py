"""Enter a control group, then become the program. Standard library only, a process of its own.

`python3 launch.py FOLDER… -- PROGRAM ARGUMENT…`: the group is entered before `exec`, so that not
one process of a machine is ever outside it.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    split = sys.argv.index("--")
    for folder in sys.argv[1:split]:
        (Path(folder) / "cgroup.procs").write_text(str(os.getpid()))
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])


if __name__ == "__main__":
    main()
