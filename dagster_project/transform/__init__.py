"""Transform: the only bridge to dbt, and the one step between its stages that SQL cannot do."""
