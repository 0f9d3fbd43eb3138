"""What was written stays written, and shows when it did not."""
