"""What a request asks for, and the URLs of other pages."""
