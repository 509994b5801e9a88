"""Months of a county's life in seconds: everybody acts by a seeded plan, things go wrong, each day is checked."""
