"""minigrad: a deep-learning framework to read."""
