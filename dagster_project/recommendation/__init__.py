"""Recommendation: which products are bought alike, and what to recommend to whom. Wording it is SQL in dbt."""
