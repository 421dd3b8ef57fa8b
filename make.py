"""Set everything up and do it, in any shell: `python make.py build`, `python make.py test`, `python make.py models`,
`python make.py fuzz` or `python make.py pictures`.

Run it with the Python of a virtual environment; it installs the project there first.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TASKS = {
    "build": (".", ["-m", "graddesc_xl", "build"]),
    "test": (".[test]", ["-m", "pytest", "-n", "auto", "--dist", "worksteal"]),
    "models": (".[test,torch]", ["-m", "pytest", "tests/every_model.py", "-v"]),
    "fuzz": (".[test]", ["-m", "pytest", "-m", "fuzz", "--long"]),
    "pictures": (".[pictures]", ["docs/pictures.py"]),
}


def main() -> int:
    """Install what the task needs, then run it; further arguments go to it."""
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        print(f"usage: python make.py {{{','.join(TASKS)}}} [ARGUMENT ...]", file=sys.stderr)
        return 2
    wanted, command = TASKS[sys.argv[1]]
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", wanted], cwd=here, check=True)
    return subprocess.run([sys.executable, *command, *sys.argv[2:]], cwd=here, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
