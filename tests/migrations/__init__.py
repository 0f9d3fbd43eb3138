"""The schema: made, unmade, and never half of either."""
