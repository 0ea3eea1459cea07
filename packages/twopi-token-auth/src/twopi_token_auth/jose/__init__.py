"""Keys, signatures and claims (JOSE, RFC 7515 to 7519), without Flask."""
