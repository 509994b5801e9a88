"""Stays from before the agreement, as the social-insurance bureau lists them: what is still due for each?"""
