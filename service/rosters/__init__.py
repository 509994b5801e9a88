"""An office sends a list: what would it change, which settlements does that touch, and now apply it."""
