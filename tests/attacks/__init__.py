"""Tampering by somebody who owns the database, and what each layer finds of it."""
