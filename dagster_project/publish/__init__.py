"""Publish: from the warehouse to what readers open. Computes no measure of its own."""
