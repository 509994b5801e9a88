"""What is printed on paper, and what people hand in on it?"""
