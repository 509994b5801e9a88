"""What does correcting the registers mean for what is settled already? Entries joined, agreements renewed."""
