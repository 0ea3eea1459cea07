"""The compiled inner loop of `load`."""
