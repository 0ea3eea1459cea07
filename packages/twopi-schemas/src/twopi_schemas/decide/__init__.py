"""Decisions about a field or a schema: compile it, call its code, or hand it over."""
