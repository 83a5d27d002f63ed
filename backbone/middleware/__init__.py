"""One behaviour around a step per file; the stack is the list in cli/wiring.py."""
