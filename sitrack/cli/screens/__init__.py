"""Model → lines. Pure: no terminal, no database; what a test can hold in its hand."""
