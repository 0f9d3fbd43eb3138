"""What a file from outside may tell of patients: its columns, and how a row is read.

It stands in this room because both the reader of files and the use case that writes
need it, and neither knows the other. Pure.
"""
