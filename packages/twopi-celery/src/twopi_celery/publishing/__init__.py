"""Calls that are kept, published after a commit, or confirmed by the broker."""
