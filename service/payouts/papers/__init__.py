"""Papers for patients and their clerks: why this much, where it goes, and how to object."""
