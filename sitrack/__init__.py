"""Follows patients along the sacroiliac cascade of care, and keeps the record.

The rooms, from the door inwards: `cli`, then `coordination` (people's acts) and
`reminders` (the clock's acts), `record` (what is written, permanently), `journey`
(what happened to one patient), `pathway` (what the protocol says). Imports go
downwards only.
"""

__version__ = "0.1.0"
