"""Do the two sides agree, line by line?"""
