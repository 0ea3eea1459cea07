"""Workers that lose no task."""
