"""What does a patient take home from the counter?"""
