"""What follows from the contracts, written from them (docs/generated.md)."""
