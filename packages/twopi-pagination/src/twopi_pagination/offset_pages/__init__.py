"""The rows of pages by offset, and their totals."""
