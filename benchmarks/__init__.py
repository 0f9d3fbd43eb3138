"""How fast sitrack is, against what, and how to repeat it.

Each benchmark measures something that a person waits for, beside a peer that does the
least that could be done in its place: `--help` beside a bare click program, the
worklist beside the bare import of SQLAlchemy, one advance beside its own SQL
statements in the bare driver. Both run in turn (A B A B), after a warm-up, on the
same machine in the same minute; what counts is the ratio of the medians.

    python -m benchmarks                      all of them
    python -m benchmarks advance --runs 500   one of them, more often
    python -m benchmarks --write              all, into RESULTS.md

The runtime dependencies of sitrack are enough. Everything is made in a temporary
folder that is removed afterwards; the people in it are invented.
"""
