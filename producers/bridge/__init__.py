"""Bridges: while two majors of a fact run side by side, the old one is fed from the new one."""
