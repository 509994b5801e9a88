"""Order the transfers, have a second person release them, and take in what the bank says became of them."""
