"""The reading of settings: sources, problems, and the documents about them."""
