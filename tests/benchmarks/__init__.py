"""The benchmarks measure what they say: no test here asserts a time."""
