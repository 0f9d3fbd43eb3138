"""What the protocol says: stages, moves, requirements, follow-ups. Pure."""
