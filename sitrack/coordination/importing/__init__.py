"""Taking in what a file tells: people, episodes, and history with its own dates.

Every row goes through the decisions that the commands use, in the order of the file,
and nothing is taken in past a requirement: what paper cannot prove stands in the file
as a variance or as an attestation, and is counted.
"""
