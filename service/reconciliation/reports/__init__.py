"""The month and the day, from each side."""
