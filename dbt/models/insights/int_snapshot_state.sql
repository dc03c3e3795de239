-- one row per snapshot date up to D and customer as known today: one number for all their labels and segments
{{ customers_of_snapshots({'state': hash64(customer_labels() + single_segments())}) }}
