"""One piece of work a file, each run in a process of its own: `python -m bench.workers.<name>`."""
