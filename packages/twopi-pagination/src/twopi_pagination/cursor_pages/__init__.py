"""The rows of pages by cursor, and their cursors."""
