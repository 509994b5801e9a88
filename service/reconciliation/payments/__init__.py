"""Was it paid, and did it arrive?"""
