"""The orchestration of the customer-segmentation warehouse: what runs, when, and what stops it."""
