"""Hospitals' requests to be billed for and paid: asked on the national interface (3203), seen by whoever pays."""
