"""A statement, and what is known of it."""
