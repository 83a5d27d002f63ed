"""The facts that are measured with: seeded, so that every run has the same."""
