"""Measurements: scripts that print a table. What has to hold is a test; a benchmark only says what it costs."""
