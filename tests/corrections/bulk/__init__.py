"""Many settlements decided anew, as the agency would, and killed while it is being done."""
