"""Which hospital is this, of what level, where, and may it settle?"""
