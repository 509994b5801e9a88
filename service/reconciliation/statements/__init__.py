"""What is billed, to whom, until when?"""
