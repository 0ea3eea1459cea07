"""Tasks that are committed as rows, and the relay that publishes them."""
