"""What do patients still get on their own accounts, and did it arrive? Items, batches of transfers, yearly top-ups."""
