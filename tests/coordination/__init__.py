"""Tests of the use cases of people, on both databases."""
