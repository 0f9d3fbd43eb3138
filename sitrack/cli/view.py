"""`sitrack view`: filters that are kept by name."""

from __future__ import annotations

import re

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import NOT_KEPT, View, dumped, pasteable, table
from sitrack.cli.shell import Shell, reads, writes
from sitrack.errors import BadInput, NotFound, repeated

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}\Z", re.ASCII)


@click.group(cls=Group, context_settings=CONTEXT)
def view() -> None:
    """Filters that are kept by name, for yourself or for everybody.

    \b
      sitrack view save calls waits:patient overdue:3d+
      sitrack worklist @calls
    """


@view.command(context_settings=CONTEXT)
@click.argument("view_name", metavar="NAME")
@click.argument("words", nargs=-1, required=True, metavar="FILTER...")
@click.option("--shared", is_flag=True, help="Everybody may use it.")
@writes
def save(
    shell: Shell, view_name: str, words: tuple[str, ...], shared: bool, dry_run: bool
) -> None:
    """Keep a filter; one of that name is replaced.

    \b
      sitrack view save calls waits:patient overdue:3d+
      sitrack view save orphans owner:none --shared
    """
    from sitrack.cli.worklist import filter_of
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.views import keep_view
    from sitrack.record.views import SavedView

    if not _NAME.match(view_name):
        raise BadInput("a view's name is one lower-case word", "such as monday-calls")
    if any(word.startswith("@") for word in words):
        raise BadInput("a view holds a filter, and no other view")
    filter_of(shell, words)
    saved = keep_view(
        shell.ledger,
        shell.author,
        lambda owner: SavedView(view_name, owner, shared, words),
        dry_run=dry_run,
    )
    if not dry_run:
        shell.recorded = f"sitrack view show {view_name}"
    if shell.form == "json":
        body = {"schema": "sitrack.view-saved/1", "as_of": today_of(shell.ledger)}
        more = {"view": view_name, "shared": shared, "filter": list(saved.words)}
        click.echo(dumped({**body, **more, "dry_run": dry_run}))
        return
    click.echo(f"@{view_name}  {_told(saved)}" + (", shared" if shared else ""))
    if dry_run:
        click.echo(NOT_KEPT)
    elif not shell.quiet:
        click.echo(pasteable(f"Next: sitrack worklist @{view_name}"))


@view.command("list", context_settings=CONTEXT)
@reads
def list_(shell: Shell) -> None:
    """List your views, and those that are shared.

    \b
      sitrack view list
    """
    from sitrack.coordination.questions import today_of, views_of

    views = views_of(shell.ledger, shell.me)
    cells = [
        (f"@{each.name}", "yes" if each.shared else "no", each.owner, _told(each))
        for each in views
    ]
    heads = ("VIEW", "SHARED", "OWNER", "FILTER")
    answer = View(
        schema="sitrack.views/1",
        as_of=today_of(shell.ledger),
        columns=("view", "shared", "owner", "filter"),
        rows=[
            {
                "view": each.name,
                "shared": each.shared,
                "owner": each.owner,
                "filter": list(each.words),
            }
            for each in views
        ],
        screen=lambda width: (
            table(heads, cells, (16, 6, 12, max(20, width - 40)))
            if cells
            else ["No view is saved yet.", "Next: sitrack view save NAME FILTER"]
        ),
    )
    shell.show(answer)


@view.command(context_settings=CONTEXT)
@click.argument("view_name", metavar="NAME")
@reads
def show(shell: Shell, view_name: str) -> None:
    """Show the filter of one view, as it can be typed.

    \b
      sitrack view show calls
    """
    from sitrack.coordination.questions import today_of, views_of
    from sitrack.record.views import named

    found = named(views_of(shell.ledger, shell.me), view_name.removeprefix("@"))
    answer = View(
        schema="sitrack.view/1",
        as_of=today_of(shell.ledger),
        columns=("word",),
        rows=[{"word": word} for word in found.words],
        screen=lambda _width: [f"sitrack worklist {_told(found)}"],
        extra={"view": found.name, "shared": found.shared, "owner": found.owner},
    )
    shell.show(answer)


@view.command(context_settings=CONTEXT)
@click.argument("view_name", metavar="NAME")
@writes
def delete(shell: Shell, view_name: str, dry_run: bool) -> None:
    """Forget one of your views.

    \b
      sitrack view delete calls
    """
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.views import forget_view

    wanted = view_name.removeprefix("@")
    if not forget_view(shell.ledger, shell.author, wanted, dry_run=dry_run):
        raise NotFound(
            f"you have no view {repeated(wanted, 'of that name')}", "sitrack view list"
        )
    if not dry_run:
        shell.recorded = "sitrack view list"
    if shell.form == "json":
        body = {"schema": "sitrack.view-deleted/1", "as_of": today_of(shell.ledger)}
        click.echo(dumped({**body, "view": wanted, "dry_run": dry_run}))
        return
    click.echo(f"@{wanted} {'would be' if dry_run else 'is'} forgotten")


def _told(saved: object) -> str:
    """The filter as it is typed: a word with spaces goes into quotes."""
    words = getattr(saved, "words", ())
    return " ".join(f"'{word}'" if " " in word else word for word in words)
