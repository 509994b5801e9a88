"""Which verification is running, how far is it, what did it find? Kept, so that a killed one goes on."""
