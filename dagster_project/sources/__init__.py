"""Extraction: from a source system into raw/. Lands what the source said; knows no dbt and no expectations."""
