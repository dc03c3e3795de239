"""Quality: turns the suites under expectations/ into blocking asset checks, the gates between the stages.

Belongs here: reading suites, running them with Great Expectations, wording and showing the results.
Does not belong here: what is expected (data, under expectations/) and whether the SQL is right (dbt's tests).
"""
