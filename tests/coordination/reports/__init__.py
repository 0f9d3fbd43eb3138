"""Tests of what is counted over every journey."""
