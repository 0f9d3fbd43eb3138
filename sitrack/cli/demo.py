"""`sitrack demo`: a synthetic clinic, and a short tour of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sitrack.cli.output import progress, screen_width
from sitrack.cli.shell import Shell, plain

_ZONE = "Europe/London"


@click.command()
@click.option(
    "--patients",
    type=click.IntRange(1, 5000),
    default=30,
    show_default=True,
    help="How many invented patients.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Same seed, same clinic."
)
@click.option("--keep", metavar="FILE", help="Keep the database in this new file.")
@plain
def demo(shell: Shell, patients: int, seed: int, keep: str | None) -> int:
    """Make a synthetic clinic, walk its patients for two years, and show it.

    \b
      sitrack demo
      sitrack demo --keep trial.db --patients 100
    """
    from sitrack import demo as clinic
    from sitrack.clock import machine_clock, read_instant, stopped_clock, zone_named
    from sitrack.record.upgrade import create

    zone = zone_named(_ZONE)
    end = read_instant(shell.now, zone) if shell.now else machine_clock()
    first = end - dt.timedelta(days=365 * clinic.YEARS + 1)
    with _folder(keep) as path:
        url = f"sqlite:///{path}"
        ledger = create(
            url, zone=_ZONE, synthetic=True, recorder="demo", now=stopped_clock(first)
        )
        last = end.astimezone(zone).date()
        with progress("walking the clinic", patients) as tell:
            clinic.populate(ledger, patients, seed, last, tell)
        ledger.use_clock(stopped_clock(end))
        click.echo(
            f"A synthetic clinic: {patients} invented patients, two years to {last}, "
            f"seed {seed}."
        )
        code = _tour(url, end, _chosen(ledger, last))
        ledger.close()
    if keep:
        click.echo(f"\nKept. Look around: sitrack worklist -d {url}")
    return code


@contextlib.contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    """The file of the database: a new one that is kept, or one that goes away."""
    if keep:
        yield Path(keep).absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="sitrack-demo-"))
    try:
        yield folder / "demo.db"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _chosen(ledger: Any, day: dt.date) -> dict[str, str]:
    """Episodes worth a look: one that may not move on, and one with a late entry."""
    from sitrack.coordination import questions
    from sitrack.journey.patient import read_episode_key

    chosen: dict[str, str] = {}
    stages = {"diagnostic-block": "rfa", "conservative-care": "diagnostic-block"}
    for row in questions.all_standings(ledger, None)[1]:
        key = read_episode_key(row.episode)
        _, _, lines = questions.past(ledger, key, questions.When())
        if any(line.is_late for line in lines) and len(lines) > 8:
            chosen.setdefault("late", row.episode)
        target = stages.get(row.stage)
        if target and "asked" not in chosen:
            answer = questions.why(ledger, key, target).answers[0]
            if not answer.allowed:
                chosen |= {"asked": row.episode, "target": target}
        chosen.setdefault("any", row.episode)
    del day
    return chosen


def _tour(url: str, end: dt.datetime, chosen: dict[str, str]) -> int:
    shown = chosen.get("asked", chosen["any"])
    told = chosen.get("late", chosen["any"])
    why = ["why", shown, *([chosen["target"]] if "target" in chosen else [])]
    stops: list[tuple[str, Sequence[str], int]] = [
        ("Who needs somebody today?", ["worklist"], 14),
        ("One episode on one screen.", ["show", shown], 30),
        ("Why may it not move on?", why, 24),
        ("What happened, and when was it written?", ["history", told], 20),
        ("A reminder round.", ["reminder", "run", "--channel", "console"], 10),
        ("Does the record prove itself?", ["audit", "verify"], 10),
    ]
    code = 0
    for title, words, most in stops:
        click.echo(f"\n{title}\n$ sitrack {' '.join(words)}")
        code = _stop(words, url, end, most) or code
    return code


def _stop(words: Sequence[str], url: str, end: dt.datetime, most: int) -> int:
    """Run one command as a person would, and show the first lines of its screen."""
    from sitrack.cli.root import root

    now = end.isoformat()
    out = io.StringIO()
    arguments = [
        *words,
        "-d",
        url,
        "--now",
        now,
        "--format",
        "table",
        "--no-pager",
        "-q",
        "--as",
        "rivera",
    ]
    with contextlib.redirect_stdout(out):
        code = root.main(arguments, prog_name="sitrack", standalone_mode=False)
    # What is shown can be pasted with `--keep`; without it the file goes away.
    text = out.getvalue().replace(f" \\\n  -d {url}", "").replace(f" -d {url}", "")
    lines = text.splitlines()
    for line in lines[:most]:
        click.echo(line[: screen_width()])
    if len(lines) > most:
        click.echo(f"… and {len(lines) - most} more lines")
    return code if isinstance(code, int) else 0
