"""What does the admission desk need to know of a person, in one call?"""
