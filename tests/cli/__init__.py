"""The command line, as people, pipes and programs meet it."""
