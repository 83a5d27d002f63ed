"""Replay: what failed is tried again by its owner alone, and every outcome is told."""
