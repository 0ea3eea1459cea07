"""Token classes: what a JWT holds."""
