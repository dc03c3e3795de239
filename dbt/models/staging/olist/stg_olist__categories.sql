-- one row per raw row of category_translation, and one per category of a product that it lacks
with translations as (

    select * from {{ raw('olist', 'category_translation') }}

),

products as (

    select * from {{ ref('stg_olist__products') }}

),

untranslated as (

    select
        products.source_system,
        products.category_id,
        max(products._loaded_at) as updated_at,
        min(products._loaded_at) as _loaded_at,
        min(products._as_of) as _as_of

    from products
    left join translations
        on translations.source_system = products.source_system
        and translations.product_category_name = products.category_id
    where products.category_id is not null and translations.product_category_name is null
    group by products.source_system, products.category_id

),

final as (

    select
        product_category_name as category_id,
        product_category_name_english as name,
        _loaded_at as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of
    from translations

    union all

    select
        category_id,
        category_id,
        updated_at,
        source_system,
        cast(null as string),
        _loaded_at,
        _as_of
    from untranslated

)

select * from final
