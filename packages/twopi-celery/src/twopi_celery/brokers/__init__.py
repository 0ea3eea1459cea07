"""Transports of our own for files and for Redis."""
