"""The clock's acts: what is due, to whom it goes, and that it went."""
