"""Erasure: who is erased, what that does to rows, and that they stay away. Raw is rewritten nowhere else."""
