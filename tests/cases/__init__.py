"""Worked cases: the reference visits of the shipped packs and the examples that governments printed."""
