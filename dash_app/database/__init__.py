"""Rows in, rows out: connections, tables, encodings. No mathematics."""
