"""Impact: what a change of a contract does to everybody who reads its facts (docs/impact.md)."""
