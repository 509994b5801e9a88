"""What is owed, what is due, the month and the day: each party sees its side, all from one ledger."""
