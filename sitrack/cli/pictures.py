"""`--out FILE`: the answer as a picture beside the one on stdout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sitrack.errors import BadInput

if TYPE_CHECKING:
    # Only for the annotations.
    from sitrack.cli.output import View
    from sitrack.cli.shell import Shell
    from sitrack.exchange.charts import Chart

out_option = click.option(
    "--out", metavar="FILE", help="Draw it, too: FILE.svg, or FILE.html with a table."
)


def refuse_unless_drawable(out: str | None) -> None:
    """Refuse before anything is asked of the record.

    Raises:
        BadInput: a picture of that name is of no known form.
        Unavailable: this installation cannot draw.
    """
    if out is None:
        return
    from sitrack.exchange.drawing import FORMS, refuse_unless_drawing

    if Path(out).suffix not in FORMS:
        raise BadInput("a picture ends in .svg or .html", "--out report.svg")
    refuse_unless_drawing()


def show_and_draw(
    shell: Shell, view: View, out: str | None, chart: Callable[[], Chart]
) -> None:
    """Show an answer, and keep its picture in a new file where one is asked for.

    Raises:
        BadInput: the file cannot be made; nothing is shown.
    """
    if out is None:
        shell.show(view)
        return
    from sitrack.exchange.drawing import picture
    from sitrack.exchange.files import new_file

    content = picture(chart(), Path(out).suffix)
    with new_file(out) as file:
        shell.show(view)
        file.write(content)
    shell.say(f"drawn: {out}")
