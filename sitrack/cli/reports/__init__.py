"""The reports about the clinic, one file for each."""
