"""Everything that can happen to settlements, in any order, beside a naive model: equal after every step."""
