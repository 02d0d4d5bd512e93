"""A whole arcade to measure, and the browsers and viewers that play in it."""
