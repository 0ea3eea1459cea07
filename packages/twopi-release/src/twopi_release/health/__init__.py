"""Health over HTTP: checks that run in parallel, and the endpoints that show them."""
