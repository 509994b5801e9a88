"""The fault bench: real processes and PostgreSQL, a proxy of ours between them, everything broken on purpose."""
