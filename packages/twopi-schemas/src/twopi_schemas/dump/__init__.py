"""The compiled inner loop of `dump`."""
