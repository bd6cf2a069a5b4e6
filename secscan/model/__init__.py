"""The nouns. This package knows nobody: every other room may import it, it imports none of them."""
