"""Contracts as data: what a fact is, who owns it, and which values it takes."""
