"""Aid that was expected at discharge: who applied for it, what was granted, and who never asked?"""
