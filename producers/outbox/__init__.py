"""The outbox: facts that an application wrote in the transaction that made them true.

To read the code start with `source.py`, then `snapshot.py` (why nothing is lost, doubled or
reordered). docs/outbox.md is the page for the application's side. Only this package knows psycopg.
"""
