"""Find the secrets of an application, and take them out of what is sent."""
