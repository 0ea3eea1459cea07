"""The rules of sessions, without Flask: start, renew, end."""
