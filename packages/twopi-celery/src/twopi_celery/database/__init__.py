"""Sessions of SQLAlchemy, and what ends them."""
