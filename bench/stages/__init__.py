"""One stage a file: what is measured beside what."""
