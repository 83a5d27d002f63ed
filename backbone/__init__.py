"""The kernel: seven words (Fact, Topic, Source, Handler, Middleware, Sink, Runner) and their edges.

To read the code, start with `fact.py`, `record.py` and `source.py` (the vocabulary), then
`source_runner.py` (how facts enter) and `runner.py` (how they are processed).
"""
