"""The linter's rules: one file per kind, one row per code, with its reason and examples."""
