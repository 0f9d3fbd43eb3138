"""Who may do what: the roles of the staff, and the commands that each of them has.

On SQLite these are guard rails: whoever owns the file owns the record, and a name is a
claim. On PostgreSQL, where each person has a login, the grants say the same once more.

The duties of an admin are everybody's while nobody on the staff list is one, so that a
clinic can begin with the people it has. Nobody has to be named to read on SQLite: such
a reader is logged under the account's name, and is asked for no role.

It names no database: the command line reads it before anything heavy is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sitrack.errors import NotPermitted

ROLES: Final = ("coordinator", "clinician", "auditor", "scheduler", "admin")

BREAK_GLASS: Final = ("emergency", "safety", "cover", "system-failure")
"""Why somebody may look past the mask and their role this once: emergency treatment,
harm to be averted, a colleague who is away, an account or a role that fails."""

_CARE: Final = frozenset({"coordinator", "clinician"})
_LOOK: Final = _CARE | {"auditor"}
_ROUND: Final = _CARE | {"scheduler"}
_ALL: Final = frozenset(ROLES)
_ADMIN: Final = frozenset({"admin"})
_TAKE: Final = frozenset({"clinician", "auditor"})
_EXAMINE: Final = frozenset({"auditor", "admin"})

UNMASKED: Final = _CARE
"""Who sees a name that they ask for; others need a reason (`--break-glass`)."""


@dataclass(frozen=True, slots=True)
class Right:
    """Who has a command, and what it is about.

    Attributes:
        scope: the kind of data that it shows or writes [E2147 7.1.9].
        roles: who has it.
    """

    scope: str
    roles: frozenset[str]


def _rights(scope: str, roles: frozenset[str], *commands: str) -> dict[str, Right]:
    return dict.fromkeys(commands, Right(scope, roles))


COMMANDS: Final[Mapping[str, Right]] = {
    **_rights("worklist", _LOOK, "worklist", "next"),
    **_rights("worklist", _ALL, "doctor"),
    **_rights("worklist", _LOOK, "view save", "view list", "view show", "view delete"),
    **_rights("evidence", _LOOK, "show", "why", "due", "packet", "episode list"),
    **_rights("evidence", _LOOK, "report census", "report time-in-stage"),
    **_rights("evidence", _LOOK, "report funnel", "report reach", "report trend"),
    **_rights("evidence", _CARE, "record", "contact", "advance", "snooze", "undo"),
    **_rights("evidence", _CARE, "entry correct", "entry retract", "entry transfer"),
    **_rights("evidence", _CARE, "episode open", "episode finish", "episode reopen"),
    **_rights("evidence", _CARE, "episode hold", "episode resume"),
    **_rights("evidence", _CARE, "episode lost", "episode return"),
    **_rights("evidence", _CARE, "episode assign", "episode claim"),
    **_rights("evidence", _CARE, "episode handoff", "episode accept"),
    **_rights("evidence", _CARE, "episode decline", "import"),
    **_rights("evidence", _CARE, "bulk advance", "bulk contact", "bulk snooze"),
    **_rights("evidence", _CARE, "bulk assign", "bulk hold"),
    **_rights("history", _LOOK, "history"),
    **_rights("demographics", _LOOK, "patient find", "patient show"),
    **_rights("demographics", _CARE, "patient add", "patient edit"),
    **_rights("demographics", _CARE, "patient consent"),
    **_rights("demographics", _CARE, "patient merge", "patient unmerge"),
    **_rights("demographics", _ADMIN, "patient erase"),
    **_rights("export", _LOOK, "patient export"),
    **_rights("export", _TAKE, "export fhir", "export xes", "export ocel"),
    **_rights("export", _TAKE, "export ics", "export csv", "export entries"),
    **_rights("export", _EXAMINE, "audit export"),
    **_rights("audit", _EXAMINE, "audit trail", "audit who-saw", "audit by"),
    **_rights("audit", _EXAMINE, "audit sample", "audit variances"),
    **_rights("audit", _EXAMINE, "audit reconcile", "audit witness", "audit key show"),
    **_rights("audit", _EXAMINE | {"scheduler"}, "audit seal"),
    **_rights("audit", _ADMIN, "audit key make", "audit key rotate"),
    **_rights("reminders", _ROUND | {"auditor"}, "reminder plan", "reminder status"),
    **_rights("reminders", _ROUND | {"auditor"}, "reminder list", "reminder ledger"),
    **_rights("reminders", _ROUND | {"auditor"}, "reminder dead"),
    **_rights("reminders", _ROUND, "reminder run", "reminder watch"),
    **_rights("reminders", _ROUND, "reminder retry"),
    **_rights("export", _ADMIN, "db backup"),
    **_rights("evidence", _ADMIN, "db rebuild"),
    **_rights("staff", _ALL, "staff list"),
    **_rights("staff", _ALL, "team list", "absence list"),
    **_rights("staff", _ADMIN, "team add", "team edit"),
    **_rights("staff", _CARE | _ADMIN, "absence add", "absence end"),
    **_rights("staff", _ADMIN, "staff add", "staff role", "staff retire", "db grant"),
    **_rights("protocol", _ALL, "pathway list", "pathway show", "pathway diff"),
    **_rights("protocol", _ADMIN | {"clinician"}, "pathway adopt"),
    **_rights("protocol", _CARE, "pathway migrate"),
}
"""Every command that reads or writes the record, and who has it; `record` stands for
each kind of evidence. Those that show nothing but keys and sizes (`audit verify`,
`db status`) are everybody's."""

ENTRIES: Final[Sequence[tuple[str, frozenset[str], frozenset[str]]]] = (
    ("access", frozenset(), _ALL),
    ("episode", frozenset({"exported"}), _LOOK),
    ("episode", frozenset(), _CARE),
    ("patient", frozenset({"exported"}), _LOOK),
    ("patient", frozenset({"erase-asked", "erased"}), _ADMIN),
    ("patient", frozenset(), _CARE),
    ("office", frozenset({"ledger-made", "restored"}), frozenset()),
    ("office", frozenset({"staff-added", "role-changed", "staff-retired"}), _ADMIN),
    ("office", frozenset({"team-added", "team-changed"}), _ADMIN),
    ("office", frozenset({"absence-set", "absence-ended"}), _CARE | _ADMIN),
    ("office", frozenset({"granted", "rebuilt", "key-made", "key-rotated"}), _ADMIN),
    ("office", frozenset({"protocol-adopted"}), _ADMIN | {"clinician"}),
    ("office", frozenset(), _ALL),
)
"""On PostgreSQL, which entries a login may write by its role: of the kind of stream, of
these kinds of entry (none: of any other). The first row that fits decides; nobody with
a login of their own writes what only the owner of the tables does."""


def right_to(command: str) -> Right:
    """Return who has a command, by its words without `sitrack`."""
    return COMMANDS["record" if command.startswith("record ") else command]


def refuse(who: str, role: str, command: str, held: Collection[str]) -> None:
    """Refuse a command to somebody whose role does not have it.

    Args:
        who: a staff id.
        role: their role.
        command: its words.
        held: every role that somebody on the staff list has.

    Raises:
        NotPermitted: with who has it.
    """
    allowed = right_to(command).roles
    vacant = "admin" in allowed and "admin" not in held
    if role in allowed or vacant:
        return
    owners = [each for each in ROLES if each in allowed]
    raise NotPermitted(
        f"{command} is for {_one_of(owners)}, and {who} is {_a(role)}",
        "see who is one: sitrack staff list",
    )


def _one_of(roles: Sequence[str]) -> str:
    *rest, last = map(_a, roles)
    return f"{', '.join(rest)} or {last}" if rest else last


def _a(role: str) -> str:
    return f"an {role}" if role[0] == "a" else f"a {role}"
