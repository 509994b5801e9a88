"""Who is covered, where, since when? Persons, hospitals, agreements, referrals, cards, the fee catalogue."""
