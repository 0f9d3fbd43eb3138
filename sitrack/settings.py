"""One frozen object of settings, built once, that remembers where each value came from.

The order is: flag, then `SITRACK_*`, then the file named by `--config` or
`SITRACK_CONFIG`, then the user's file, then `/etc/sitrack/config.toml`, then the
default. Never the working directory: which patients one sees must not depend on where
one stands. Nothing else in the house reads the environment.
"""

from __future__ import annotations

import datetime as dt
import re
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sitrack.errors import Unavailable

_ANOTHER_FILE: Final = "mend the file, or name another with --config FILE"
_LONGEST_ADDRESS: Final = 254
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9-]+"
_ADDRESS: Final = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*\Z"
)
_ICD10: Final = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?\Z", re.ASCII)
_SERVICE: Final = re.compile(r"_SERVICE_(HOST|PORT)|_PORT_[0-9]+_(TCP|UDP)")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_plain_address(text: str) -> bool:
    """Whether it is exactly one e-mail address that can stand in a header as it is.

    The one rule for the settings, the staff list and the channels: what comes in at
    the door is not refused at sending. No line break, comma or space, ASCII alone.
    """
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.match(text) is not None


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its dotted name in a file, how it is read, and its default.

    Reading raises a ValueError that says what it takes: `a time such as 08:00`.
    """

    name: str
    read: Callable[[Any], Any]
    default: Any
    about: str

    @property
    def variable(self) -> str:
        """The name of its environment variable."""
        return "SITRACK_" + self.name.replace(".", "_").upper()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("a line of text")
    return value


def _whole(low: int, high: int, of: str = "") -> Callable[[Any], int]:
    def read(value: Any) -> int:
        typed = isinstance(value, int) and not isinstance(value, bool)
        digits = isinstance(value, str) and value.strip().isdecimal()
        if not (typed or digits) or not low <= int(value) <= high:
            raise ValueError(f"a whole number{of} from {low} to {high}")
        return int(value)

    return read


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    found = value if isinstance(value, bool) else words.get(str(value).lower())
    if found is None:
        raise ValueError("a word: true or false")
    return found


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(filter(None, words))}")
        return str(value)

    return read


def _time(value: Any) -> dt.time:
    try:
        typed = isinstance(value, dt.time)
        time = value if typed else dt.time.fromisoformat(str(value))
    except ValueError:
        raise ValueError("a time such as 08:00") from None
    return time


def _days(value: Any) -> tuple[int, ...]:
    words = value.split(",") if isinstance(value, str) else value
    try:
        typed = {word.strip() for word in words if word}
        return tuple(sorted(_WEEKDAYS.index(word) for word in typed))
    except (ValueError, TypeError, AttributeError):
        raise ValueError("a list of days of the week, such as mon,wed,sat") from None


def _icd10(value: Any) -> str:
    if not isinstance(value, str) or _ICD10.match(value) is None:
        raise ValueError("one code of ICD-10-CM, as M53.3")
    return value


def _address(value: Any) -> str:
    text = _text(value)
    if not is_plain_address(text):
        raise ValueError("one e-mail address")
    return text


def _template(*fields: str) -> Callable[[Any], str]:
    """A line of words that may name these fields, and nothing else of anybody."""

    def read(value: Any) -> str:
        template = string.Template(_text(value))
        if not template.is_valid() or not set(fields).issuperset(
            template.get_identifiers()
        ):
            raise ValueError(f"a line that may name ${', $'.join(fields)} alone")
        return template.template

    return read


STAFF_TEXT: Final = "sitrack: $episode needs attention, due $due"

CHANNELS: Final = ("console", "file", "maildir", "email", "webhook", "notify")
"""The ways in which a reminder can leave the house."""

OPTIONS: Final = (
    Option("database_url", _text, "", "where the record is"),
    Option("as", _text, "", "the staff id that writes, where --as is not given"),
    Option("clinic.name", _text, "your clinic", "what patients know the clinic by"),
    Option("clinic.address", _address, "", "where reminders go without a coordinator"),
    Option("clinic.lead_address", _address, "", "where escalations go"),
    Option(
        "reminders.channel", _one_of(*CHANNELS), "console", "how staff are reminded"
    ),
    Option(
        "reminders.patient_channel",
        _one_of("", *CHANNELS),
        "",
        "how consenting patients are reminded; empty for not at all",
    ),
    Option(
        "reminders.digest", _flag, True, "one message a day for each person, not many"
    ),
    Option(
        "reminders.staff_text",
        _template("episode", "due"),
        STAFF_TEXT,
        "the line about one episode",
    ),
    Option(
        "reminders.patient_text",
        _template("clinic"),
        "$clinic asks you to get in touch. Reply STOP for no more messages.",
        "what a patient reads",
    ),
    Option("reminders.file", _text, "", "the file that the file channel appends to"),
    Option("reminders.maildir", _text, "", "the folder of the maildir channel"),
    Option("reminders.from_time", _time, dt.time(8), "messages leave from this time"),
    Option("reminders.until_time", _time, dt.time(18), "messages leave until then"),
    Option("reminders.patient_from_time", _time, dt.time(9), "to patients, from then"),
    Option("reminders.patient_until_time", _time, dt.time(19), "to patients, until"),
    Option("reminders.days", _days, (), "messages leave on these days of the week"),
    Option(
        "reminders.lease",
        _whole(1, 3600, " of seconds"),
        120,
        "seconds a claimed reminder is kept",
    ),
    Option(
        "reminders.most_per_person",
        _whole(1, 1000, " of messages"),
        20,
        "messages to one person in a day, by one channel",
    ),
    Option(
        "reminders.most_per_hour",
        _whole(1, 1_000_000, " of messages"),
        1000,
        "messages through one channel in an hour",
    ),
    Option("webhook.url", _text, "", "where the webhook channel posts to"),
    Option("webhook.secret_file", _text, "", "the file with the key of its signature"),
    Option("webhook.ca_file", _text, "", "certificates to trust besides the system's"),
    Option("notify.urls_file", _text, "", "the file with the services of notify"),
    Option(
        "record.retention_years",
        _whole(6, 100, " of years"),
        10,
        "how long a record of care is kept",
    ),
    Option("export.diagnosis", _icd10, "M53.3", "the ICD-10-CM code in FHIR exports"),
    Option("smtp.host", _text, "localhost", "the mail server"),
    Option("smtp.port", _whole(1, 65535), 587, "its port"),
    Option(
        "smtp.security", _one_of("starttls", "tls"), "starttls", "how it is secured"
    ),
    Option("smtp.sender", _address, "", "the address that reminders come from"),
    Option("smtp.user", _text, "", "the account there, where it wants one"),
    Option("smtp.password_file", _text, "", "the file that holds its password"),
    Option("smtp.ca_file", _text, "", "certificates to trust besides the system's"),
    Option("seal.key_file", _text, "", "the private key that seals the record"),
    Option("seal.passphrase_file", _text, "", "the file that holds its passphrase"),
    Option("witness.folder", _text, "", "where a witness keeps its key, and the heads"),
    Option("witness.passphrase_file", _text, "", "the file that holds its passphrase"),
)
"""Every setting there is, in the order in which `config show` prints them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The values, and where each came from.

    Attributes:
        values: by dotted name.
        origins: by dotted name: `flag`, a variable's name, a file's path, `default`.
    """

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def data_folder() -> Path:
    """Return the folder that holds the default database."""
    import platformdirs

    return Path(platformdirs.user_data_dir("sitrack", appauthor=False))


def default_database_url() -> str:
    """Return where the record is, unless somebody says otherwise."""
    return f"sqlite:///{data_folder() / 'sitrack.db'}"


def default_key_file() -> str:
    """Return where the key that seals is, unless somebody says otherwise."""
    import platformdirs

    folder = Path(platformdirs.user_config_dir("sitrack", appauthor=False))
    return str(folder / "seal.pem")


def default_witness_folder() -> str:
    """Return where a witness keeps its things, unless somebody says otherwise."""
    import platformdirs

    folder = Path(platformdirs.user_state_dir("sitrack", appauthor=False))
    return str(folder / "witness")


def files(environ: Mapping[str, str], config: str | None) -> list[Path]:
    """Return the settings files that are looked at, the first of them first.

    Args:
        environ: the environment.
        config: a file named on the command line, or None.
    """
    named = config or environ.get("SITRACK_CONFIG")
    if named:
        return [Path(named)]
    import platformdirs

    user = Path(platformdirs.user_config_dir("sitrack", appauthor=False))
    return [user / "config.toml", Path("/etc/sitrack/config.toml")]


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str], config: str | None = None
) -> Settings:
    """Return the settings of one run.

    Args:
        flags: values given on the command line, by dotted name; None is not given.
        environ: the environment; an empty variable counts as unset.
        config: a file to read instead of the user's own.

    Raises:
        Unavailable: a settings file is missing, half-written, or holds what is no
            setting, or a variable is none; the sentence names file and key.
    """
    _refuse_unknown_variables(environ)
    documents = [
        (path, _read(path, required=bool(config or environ.get("SITRACK_CONFIG"))))
        for path in files(environ, config)
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for option in OPTIONS:
        raw, origin = _first(option, flags, environ, documents)
        values[option.name] = (
            option.default if raw is None else _typed(option, raw, origin)
        )
        origins[option.name] = origin
    for name, otherwise in _ELSEWHERE.items():
        values[name] = values[name] or otherwise()
    return Settings(values, origins)


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """A misspelt variable would leave the default in force, and nobody would know."""
    known = {"SITRACK_CONFIG", *(option.variable for option in OPTIONS)}
    for name, value in environ.items():
        if (
            name.startswith("SITRACK_")
            and name not in known
            and value
            and not _is_of_a_cluster(name, value)
        ):
            raise Unavailable(
                f"the variable {name[:60]} is no setting", _meant(name, known)
            )


def _is_of_a_cluster(name: str, value: str) -> bool:
    """Whether a cluster sets it in every container, beside a service of our name."""
    return _SERVICE.search(name) is not None or (
        name.endswith("_PORT") and "://" in value
    )


def _meant(name: str, known: Iterable[str]) -> str:
    """The nearest variable; what all have in common makes none of them near."""
    import difflib

    bare = [each.removeprefix("SITRACK_") for each in known]
    near = difflib.get_close_matches(name.removeprefix("SITRACK_"), bare, n=1)
    if near:
        return f"did you mean SITRACK_{near[0]}?"
    return "unset it, and see which there are: sitrack config show"


_ELSEWHERE: Final = {
    "database_url": default_database_url,
    "seal.key_file": default_key_file,
    "witness.folder": default_witness_folder,
}
"""Where something is that no setting names: it depends on the machine."""


def _first(
    option: Option,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    documents: Sequence[tuple[Path, Mapping[str, Any]]],
) -> tuple[Any, str]:
    if flags.get(option.name) is not None:
        return flags[option.name], "flag"
    if environ.get(option.variable):
        return environ[option.variable], option.variable
    for path, document in documents:
        if option.name in document:
            return document[option.name], str(path)
    return None, "default"


def _typed(option: Option, raw: Any, origin: str) -> Any:
    try:
        return option.read(raw)
    except ValueError as error:
        raise Unavailable(
            f"the setting {option.name} ({origin}) is not understood: it takes {error}",
            "mend it there, or give it with a flag",
        ) from None


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise Unavailable(
                f"the settings file {path} does not exist", _ANOTHER_FILE
            ) from None
        return {}
    except (OSError, UnicodeDecodeError):
        raise Unavailable(
            f"the settings file {path} cannot be read", _ANOTHER_FILE
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise Unavailable(
            f"the settings file {path} is not whole TOML: {str(error)[:80]}",
            _ANOTHER_FILE,
        ) from None
    return dict(_flat(document, path))


def _flat(document: Mapping[str, Any], path: Path) -> list[tuple[str, Any]]:
    known = {option.name for option in OPTIONS}
    found = []
    for key, value in document.items():
        rows = (
            [(f"{key}.{inner}", each) for inner, each in value.items()]
            if isinstance(value, dict)
            else [(key, value)]
        )
        for name, each in rows:
            if name not in known:
                raise Unavailable(
                    f"the settings file {path} has an unknown key {name}", _ANOTHER_FILE
                )
            found.append((name, each))
    return found
