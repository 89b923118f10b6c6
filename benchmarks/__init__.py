"""raddle beside the interpreter's own `threading`: `python -m benchmarks --help`.

One file per word; each lists its rows, and every row is one piece of code that takes the
`threading`-like module as a parameter, so that both sides run the same lines.
"""
