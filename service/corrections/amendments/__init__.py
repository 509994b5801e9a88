"""The law amended, also for the past: uploaded, its cost previewed, approved by a second person, then in force."""
