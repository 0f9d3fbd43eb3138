"""Processes that die or race, and what the record says afterwards."""
