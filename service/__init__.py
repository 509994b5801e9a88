"""onestop: one-stop (一站式) medical settlement for a Chinese county."""
