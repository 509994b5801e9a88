"""What does a list from an office change, and is it right? Read, previewed, applied whole or not at all."""
