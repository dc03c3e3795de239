-- one row per snapshot date up to D and customer as known today: their labels and segments as they were then
{%- set names = customer_labels() + single_segments() %}
{{ customers_of_snapshots(dict(zip(names, names))) }}
