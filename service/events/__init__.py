"""What happened? A list that only grows, to be polled by systems on closed networks."""
