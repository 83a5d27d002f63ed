"""Bytes to facts and back. fastavro is imported in this package alone."""
