"""What is done once, and what runs once at a time."""
