"""Is a period over for good? Its books closed: what stood at its end, and nothing posted in it afterwards."""
