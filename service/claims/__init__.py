"""What happens when a visit is submitted? Previewed, settled once, read again."""
