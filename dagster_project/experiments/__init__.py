"""Experiments: who is drawn into which arm before a send, and what the send did, by intention to treat."""
