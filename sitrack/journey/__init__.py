"""What happened to one patient, and what may happen next. Pure: no clock, no disk."""
