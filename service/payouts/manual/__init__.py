"""Bills that came in on paper: who hands them in, which papers are there, and what is decided about them?"""
