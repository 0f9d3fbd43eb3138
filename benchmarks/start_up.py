"""How long a person waits for a prompt to answer: whole processes, from start to end."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, process

_MORNING = 100
"""Open episodes of which some forty have something to show: what one person reads."""
_PEER = '''\
"""A bare click program of as many commands, and nothing behind them."""

import click


@click.group()
@click.version_option("1.0")
def cli():
    """Do one of a few things.

    \\b
      program one        the first of them
      program two        the second of them
    """
'''
_COMMAND = '''

@cli.command("{name}")
def {name}_():
    """{help}"""
'''


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of `--help`, of completion and of the worklist.

    The worklist is that of a large clinic, and that of one person's morning.
    """
    runs, episodes = runs or 15, episodes or 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = folder / "program.py"
        peer.write_text(bare_program(), encoding="utf-8")
        return [
            _help(peer, runs),
            _completion(peer, runs),
            _worklist(folder / "clinic", runs, episodes, budget=1.5),
            _worklist(folder / "morning", runs, min(episodes, _MORNING)),
        ]


def _help(peer: Path, runs: int) -> Figure:
    ours, theirs = in_turn(
        runs, process("-m", "sitrack", "--help"), process(str(peer), "--help")
    )
    what = "`sitrack --help`"
    return Figure(what, "a bare click program, `--help`", ours, theirs, budget=1.3)


def _completion(peer: Path, runs: int) -> Figure:
    """Press TAB behind `work`: a shell asks the program what that may become."""
    asked = {"COMP_WORDS": "program work", "COMP_CWORD": "1"}
    ours, theirs = in_turn(
        runs,
        process("-m", "sitrack", _SITRACK_COMPLETE="bash_complete", **asked),
        process(str(peer), _PROGRAM_COMPLETE="bash_complete", **asked),
    )
    what = "`sitrack work` and TAB"
    return Figure(what, "a bare click program, TAB", ours, theirs, budget=1.3)


def bare_program() -> str:
    """Return a click program with sitrack's commands by name and help."""
    from sitrack.cli.root import root

    commands = [
        _COMMAND.format(name=name, help=text)
        for name, (_, text) in root.table.items()  # type: ignore[attr-defined]
    ]
    return (
        _PEER
        + "".join(commands)
        + '\n\nif __name__ == "__main__":\n    cli(prog_name="program")\n'
    )


def _worklist(
    folder: Path, runs: int, episodes: int, budget: float | None = None
) -> Figure:
    folder.mkdir()
    clinic.check(folder)
    clinic.make(folder, clinic.Mix(episodes)).close()
    url = clinic.url_of(folder)
    ask = (
        "-m",
        "sitrack",
        "worklist",
        "--quiet",
        "--database",
        url,
        "--now",
        clinic.NOW,
    )
    ours, theirs = in_turn(runs, process(*ask), process("-c", "import sqlalchemy"))
    return Figure(
        f"`sitrack worklist`, {episodes:,} open episodes",
        '`python -c "import sqlalchemy"`',
        ours,
        theirs,
        budget=budget,
    )
