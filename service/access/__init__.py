"""Who is asking, and may they? Clients, tokens, the audit trail, personal data at rest."""
