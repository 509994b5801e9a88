"""Does each side agree, and was it paid? Statements, matching, differences, payments, deductions, deadlines."""
