"""What each transaction does: reads its fields, calls the action that REST calls, and tells the outcome."""
