"""What may a patient see? Their own claims and year, who looked at them, and how to object."""
