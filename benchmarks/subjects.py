"""Which benchmarks there are, what each is about, and in which order they run and stand.

They run in the order of `NAMES`: what matters most and takes least comes first, so that a
run that is ended early has measured that. They stand in RESULTS.md by subject.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = {
    "start_up": "How long a prompt takes to answer",
    "advance": "One advance, and its own statements",
    "moves": "One move, and what a user would write instead",
    "writers": "Eight writers at once",
    "due": "What is due, and what a user would run instead",
    "as_of": "What was true on a day",
    "verify": "Whether the record proves itself",
    "morning": "A morning's questions to a large clinic",
    "reminders": "A round of reminders",
    "growth": "How cost grows with the clinic",
    "importing": "Taking in a clinic from a file",
    "watching": "A process that keeps watch",
    "country": "Many patients in one ledger",
    "losses": "What is lost, and what is sent again",
}
"""Each benchmark is the module of that name: `run(runs, episodes)` gives its figures."""

SUBJECTS: Final = {
    "At the prompt": ("start_up", "morning"),
    "Writing": ("advance", "moves", "writers"),
    "Reminders": ("due", "losses", "reminders", "watching"),
    "Past days, and proof": ("as_of", "verify"),
    "Size": ("growth", "importing", "country"),
}

ON_A_FILE: Final = ("country", "as_of", "verify")
"""These can ask a ledger that is there already."""
