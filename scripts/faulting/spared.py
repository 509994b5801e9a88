"""A fault that did not come about."""


class Spared(Exception):
    """Nothing was broken, and the message says why: it is looked at like a fault, and not counted as one."""
