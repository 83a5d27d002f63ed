"""The schema registry: its port, the adapter, and the twin in memory."""
