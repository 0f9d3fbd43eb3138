"""The use cases of people: enrol, open, record, advance, explain.

Each is one transaction: load the stream, decide (purely), append, bring the copies up
to date. A door calls one of these, and shows what comes back.
"""
