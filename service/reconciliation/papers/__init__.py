"""Statements as documents: CSV, XLSX, PDF, from the same rows."""
