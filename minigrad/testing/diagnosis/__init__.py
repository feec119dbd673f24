"""From a wrong gradient to its likely cause, and to the smallest example that shows it."""
