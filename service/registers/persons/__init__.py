"""Who is this person, are they insured, which rosters are they on?"""
