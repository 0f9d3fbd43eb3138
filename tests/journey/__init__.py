"""What happened to one patient, and what may happen next."""
