"""ledger: every topic balanced over an interval, from the services alone. Pure."""
