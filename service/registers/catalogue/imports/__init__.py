"""A whole catalogue in a file: what would it change of the items' dated terms? Previewed, applied whole."""
