"""A list declared once: what selects it, its filters, its orders and its form."""
