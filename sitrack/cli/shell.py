"""What every command of one run shares: settings, the open ledger, who writes.

The shared options stand on every command itself, because that is where people type
them; the decorators below add them and hand the command one `Shell`.
"""

from __future__ import annotations

import datetime as dt
import functools
import gc
import getpass
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli import access
from sitrack.cli.output import FORMATS, View, show_view, shown_url
from sitrack.clock import (
    is_day,
    read_day,
    read_instant,
    start_of,
    stopped_clock,
    zone_named,
)
from sitrack.errors import BadInput, NotEligible, NotPermitted, SitrackError
from sitrack.record.roles import BREAK_GLASS

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.people import Author
    from sitrack.pathway.calendar import Duration
    from sitrack.record.access import Reader
    from sitrack.record.ledger import Ledger
    from sitrack.settings import Settings

_LENGTH = re.compile(r"[0-9]{1,4}(d|w|bd)\Z", re.ASCII)
_MAX_TEXT = 100_000


@dataclass
class Shell:
    """One run of one command.

    Attributes:
        flags: what was given on the command line for a setting, by dotted name.
        config: a settings file given on the command line.
        now: an instant given for a synthetic ledger, as typed.
        quiet: leave out what is not the answer.
        verbose: say which record is used, and which setting named it.
        form: `table`, `json`, `ndjson`, `csv` or `tsv`.
        pager: long screens go through a pager.
        name: the staff id given with `--as`.
        source: where what is written comes from.
        glass: why the mask and the reader's role are passed over this once, as a code.
        purpose: `read`, `write` or `rehearse`; `plain` shows nobody anything of anyone.
        recorded: once something was kept for good, the command that shows it.
    """

    flags: dict[str, Any]
    config: str | None = None
    now: str | None = None
    quiet: bool = False
    verbose: bool = False
    form: str = "table"
    pager: bool = True
    name: str | None = None
    source: str = "clinic"
    glass: str | None = None
    purpose: str = "plain"
    recorded: str | None = None
    _ledger: Ledger | None = field(default=None, repr=False)

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        from sitrack import settings

        return settings.load(self.flags, os.environ, self.config)

    @property
    def ledger(self) -> Ledger:
        """The record, opened on first use."""
        if self._ledger is None:
            from sitrack.record.ledger import open_ledger

            _keep_what_is_loaded()
            self._ledger = open_ledger(self.settings["database_url"])
            if self.verbose:
                where = shown_url(self._ledger.url)
                origin = self.settings.origins["database_url"]
                click.echo(f"record: {where} (named by {origin})", err=True)
            if self.now is not None:
                instant = read_instant(self.now, self._ledger.zone)
                self._ledger.use_clock(stopped_clock(instant))
            if self._ledger.synthetic and self.form not in {"json", "ndjson"}:
                self.say("synthetic ledger: invented patients only")
            access.enter(self)
        return self._ledger

    def close(self) -> None:
        """Let go of the database."""
        if self._ledger is not None:
            self._ledger.close()

    @property
    def is_open(self) -> bool:
        """Whether the record was opened."""
        return self._ledger is not None

    @property
    def author(self) -> Author:
        """Who writes: the staff id of the flag or the settings, and the account."""
        from sitrack.coordination.people import Author

        command = access.command_words()
        return Author(self.claimed, account_name(), self.source, command)

    @functools.cached_property
    def reader(self) -> Reader:
        """Who reads, by the same name as they would write."""
        from sitrack.record.access import reader_named

        return reader_named(self.ledger, self.claimed, account_name())

    def note(self, keys: Sequence[str], outcome: str = "shown") -> None:
        """Write down that these patients and episodes are about to be shown."""
        access.note(self, keys, outcome)

    def show(self, view: View, *, pager: bool = True) -> None:
        """Write down who sees what, and only then show it."""
        if self.is_open:
            self.note(access.keys_of(view))
        show_view(view, self.form, pager=pager and self.pager)

    @property
    def me(self) -> str:
        """The staff id of who is at the keyboard, or the account where none is named."""
        from sitrack.record.staff import acting

        return acting(self.ledger.login, self.claimed, account_name())

    @property
    def claimed(self) -> str:
        """The staff id that was given with the command or in the settings, if any."""
        return self.name or self.settings["as"]

    def day(self, text: str | None) -> dt.date | None:
        """Return the day that was typed; None where none was."""
        if text is None:
            return None
        from sitrack.coordination.questions import today_of

        return read_day(text, lambda: today_of(self.ledger))

    def ahead(self, text: str | None) -> dt.date | Duration | None:
        """Return the day that was typed, or how far ahead: `2bd`, `1w`; or None."""
        if text is None or not _LENGTH.match(text):
            return self.day(text)
        from sitrack.pathway.calendar import read_duration

        return read_duration(text)

    def instant(self, text: str | None) -> dt.datetime | None:
        """Return the instant that was typed: of a day, its last moment."""
        if text is None:
            return None
        if is_day(text):
            day = self.day(text)
            assert day is not None  # noqa: S101 - there was a text
            after = start_of(day + dt.timedelta(days=1), self.ledger.zone)
            return after - dt.timedelta(microseconds=1)
        return read_instant(text, self.ledger.zone)

    def say(self, text: str) -> None:
        """Write a message that is not the answer, to stderr."""
        if not self.quiet:
            click.echo(text, err=True)


def _keep_what_is_loaded() -> None:
    """Let the collector leave alone what is loaded: it stays to the end anyhow.

    Looking through it again and again, while thousands of rows pile up, takes a tenth
    of the time of a long list.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)


def account_name() -> str:
    """Return the name of the account that runs this, by the system, not by `$USER`."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return getpass.getuser()


def read_text(path: str | None) -> str | None:
    """Return the words in a file, or on stdin for `-`.

    Raises:
        BadInput: it cannot be read, is no text, or too long.
    """
    if path is None:
        return None
    try:
        raw = sys.stdin.read(_MAX_TEXT + 1) if path == "-" else _read_file(path)
    except UnicodeDecodeError:
        raise BadInput("the text is not UTF-8") from None
    except OSError as error:
        raise BadInput(
            f"the file cannot be read: {error.strerror}",
            "a file's name, or - for stdin",
        ) from None
    if len(raw) > _MAX_TEXT:
        raise BadInput("the text is longer than 100,000 characters")
    return raw.strip() or None


def _read_file(path: str) -> str:
    with Path(path).open(encoding="utf-8") as file:
        return file.read(_MAX_TEXT + 1)


def ask_text(path: str | None, *, prompt: str, may_ask: bool) -> str | None:
    """Return words from `--text`, or asked for at a terminal."""
    given = read_text(path)
    if given is None and may_ask and sys.stdin.isatty():
        return str(click.prompt(prompt, err=True)).strip() or None
    return given


# --- the shared options


def _option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    return click.option(*names, **attributes)


def _refuse_empty(
    _context: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """What an unset variable of a shell leaves behind names no other record or person.

    Raises:
        BadInput: the option was given, and is empty.
    """
    if value is not None and not value.strip():
        raise BadInput(
            f"{param.opts[0]} is empty",
            "give it a value, or leave it out; a variable of the shell may be unset",
        )
    return value


_EVERYWHERE = [
    _option(
        *("--database", "-d"),
        metavar="URL",
        callback=_refuse_empty,
        help="Where the record is.",
    ),
    _option(
        "--config",
        metavar="FILE",
        callback=_refuse_empty,
        help="Read settings from this file.",
    ),
    _option("--now", metavar="INSTANT", help="The time, on a synthetic ledger only."),
    _option("--quiet", "-q", is_flag=True, help="The answer only, no messages."),
    _option("--verbose", "-v", is_flag=True, help="Say which record is used."),
    _option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Colour on a terminal.",
    ),
]
_WHO = _option(
    *("--as", "name"), metavar="WHO", callback=_refuse_empty, help="Your staff id."
)
_READS = [
    _WHO,
    _option("--format", "form", type=click.Choice(FORMATS), help="How to print it."),
    _option("--json", "as_json", is_flag=True, help="Short for --format json."),
    _option("--no-pager", is_flag=True, help="Never page a long screen."),
]
_GLASS = _option(
    "--break-glass",
    "glass",
    type=click.Choice(BREAK_GLASS),
    help="Look past the mask and your role this once; it is logged first.",
)
_WRITES = [
    _WHO,
    _option("--dry-run", "-n", is_flag=True, help="Check everything, keep nothing."),
    _option("--json", "as_json", is_flag=True, help="Answer in JSON."),
]
_TIMES = [
    _option("--as-of", metavar="DATE", help="What was true on that day."),
    _option("--as-known", metavar="TIME", help="By what was written until then."),
]


def _with(options: list[Any], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def _shelled(command: Callable[..., Any], purpose: str) -> Callable[..., Any]:
    """Turn the shared options into a `Shell`, and close it in the end."""

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        shell = _shell_from(given, purpose)
        try:
            return command(shell, **given)
        except (NotEligible, NotPermitted) as refusal:
            if shell.is_open:
                access.note_refusal(shell, refusal)
            raise
        except (SitrackError, click.exceptions.Exit, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if shell.recorded is None:
                raise
            from sitrack.cli.failures import Interrupted, NotShown

            stopped = isinstance(error, KeyboardInterrupt | click.Abort)
            raise (Interrupted if stopped else NotShown)(shell.recorded) from error
        finally:
            shell.close()

    return run


def _shell_from(given: dict[str, Any], purpose: str) -> Shell:
    _set_colour(given.pop("color"))
    as_json = given.pop("as_json", False)
    form = given.pop("form", None) or ("json" if as_json else None)
    name = given.pop("name", None)
    return Shell(
        flags={"database_url": given.pop("database")},
        config=given.pop("config"),
        now=given.pop("now"),
        quiet=given.pop("quiet"),
        verbose=given.pop("verbose"),
        form=form or ("table" if sys.stdout.isatty() else "tsv"),
        pager=not given.pop("no_pager", True),
        name=name,
        source=given.pop("source", None) or "clinic",
        glass=given.pop("glass", None),
        purpose="rehearse" if given.get("dry_run") else purpose,
    )


def _set_colour(wish: str) -> None:
    ctx = click.get_current_context()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    if wish == "always":
        ctx.color = True
    elif wish == "never" or plain:
        ctx.color = False


def reads(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that answers a question; that somebody asked it is written down."""
    return _with([*_READS, _GLASS, *_EVERYWHERE], _shelled(command, "read"))


def reads_in_time(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that answers a question as of a day, as known at a moment."""
    return _with([*_TIMES, *_READS, _GLASS, *_EVERYWHERE], _shelled(command, "read"))


def reads_keys(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that shows keys and sizes alone, also of what cannot be written."""
    return _with([*_READS, *_EVERYWHERE], _shelled(command, "plain"))


def writes(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that writes."""
    return _with([*_WRITES, *_EVERYWHERE], _shelled(command, "write"))


def plain(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that does neither, such as those about the database itself."""
    return _with(_EVERYWHERE, _shelled(command, "plain"))


def zone_of_machine() -> str:
    """Return the IANA name of this machine's zone; UTC where it has none."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
        zone_named(name)
    except Exception:  # noqa: BLE001 - whatever is odd about the machine's zone
        return "UTC"
    return str(name)
