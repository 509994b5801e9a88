"""What does the ledger owe to patients, where does it come from, and how far has it got?"""
