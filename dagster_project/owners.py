"""Who answers for the assets that Python makes, as Dagster shows it. The owners of dbt's models stand in
dbt/dbt_project.yml."""

DATA_ENGINEERING = ["team:data-engineering"]
CUSTOMER_ANALYTICS = ["team:customer-analytics"]
