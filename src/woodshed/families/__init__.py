"""One model family a file, grouped by role."""
