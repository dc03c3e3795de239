-- staging/woocommerce/stg_woocommerce__categories.sql: one row per version of a product category
with term_taxonomy as (

    select * from {{ raw('woocommerce', 'term_taxonomy') }}

),

terms as (

    select * from {{ raw('woocommerce', 'terms') }}

),

newest_terms as (

    select * from {{ newest('terms', ['term_id']) }}

),

final as (

    select
        cast(categories.term_id as string) as category_id,
        {{ blank_to_null('terms.name') }} as name,
        cast(nullif(categories.parent, 0) as string) as parent_category_id,
        categories.source_system,
        categories._raw_table,
        categories._loaded_at,
        categories._as_of,
        categories._is_deleted

    from term_taxonomy as categories
    left join newest_terms as terms
        on terms.source_system = categories.source_system
        and terms.term_id = categories.term_id
    where categories.taxonomy = 'product_cat'

)

select * from final
