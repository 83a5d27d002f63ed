"""Facts into the warehouse: one table per fact type, a row per fact, each exactly once."""
