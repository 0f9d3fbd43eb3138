"""Finds the commands that the README prints, and runs them as a reader would."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def printed(mark):
    """The commands of the first shell block after `<!-- mark -->`."""
    _, _, rest = README.partition(f"<!-- {mark} -->\n```sh\n")
    block, fence, _ = rest.partition("\n```")
    assert fence, f"the README has no block called {mark!r}"
    return block


def run(script, folder, programs):
    """Run a shell script in an empty home, with `programs` first on the path."""
    home = folder / "home"
    home.mkdir()
    here = folder / "empty"
    here.mkdir()
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.defpath}",
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


PROGRAMS = Path(sys.executable).parent
"""Where this environment keeps its commands; `sitrack` among them."""
