"""The suites; each module has a function `suite`."""
