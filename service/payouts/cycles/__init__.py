"""Raise what was paid for chronic visits to its share of the total, once a cycle, and settle differences later."""
