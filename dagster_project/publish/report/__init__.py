"""The report: one page of a publication that a person reads. Computes no measure of its own and names no customer."""
