"""The law amended with effect in the past, as the agency does it."""
