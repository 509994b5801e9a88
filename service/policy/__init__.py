"""What does the law say on a day? Dated, cited policy packs: data, no code (domain §4)."""
