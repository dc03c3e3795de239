"""Prediction: the probability model, fitted on purchase histories. Scoring customers is SQL in dbt."""
