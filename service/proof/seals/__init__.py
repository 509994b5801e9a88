"""Has a row changed since it was sealed? A hash chain per county, whose head can be published outside."""
