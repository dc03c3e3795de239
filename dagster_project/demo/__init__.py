"""A simulated shop and CRM with known truth: deterministic, and able to advance day by day.

Belongs here: who the people are, what they do, and the files in which the two systems keep it. Does not
belong here: extraction, and anything that reads these files as data; the pipeline meets them as it would
meet a real shop's.
"""
