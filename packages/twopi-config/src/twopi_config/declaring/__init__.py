"""The declaration of settings: variables, their fields and their types."""
