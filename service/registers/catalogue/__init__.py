"""What does the county pay for an item, on which day?"""
