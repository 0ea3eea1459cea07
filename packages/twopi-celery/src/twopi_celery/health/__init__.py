"""Whether the broker, the database and the workers respond."""
