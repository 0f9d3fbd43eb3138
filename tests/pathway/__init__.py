"""What the protocol says: its text, its soundness, and each requirement in turn."""
