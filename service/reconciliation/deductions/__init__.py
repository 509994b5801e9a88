"""What settles a statement beside payment?"""
