"""Two claims that may be one encounter, by whichever ways they came in: shown to a clerk, never guessed."""
