"""Who says that a settlement is wrong, and what was decided about it?"""
