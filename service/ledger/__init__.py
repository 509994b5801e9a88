"""Who owes whom? Postings from a source to a target, per payer and payee; they only grow."""
