"""Database access: connections, tables and encodings. No mathematics."""
