"""The views, the decorators and the responses."""
