"""The rule types that a pack's layers choose from; no rule knows another."""
