"""How fast, against what is possible in the same run on the same machine."""
