"""What one Flask application carries: settings, keys, and the token of a request."""
