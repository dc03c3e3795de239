-- staging/woocommerce/stg_woocommerce__products.sql: one row per version of a product, variations taken together
with posts as (

    select * from {{ raw('woocommerce', 'posts') }}

),

product_lookup as (

    select * from {{ raw('woocommerce', 'product_meta_lookup') }}

),

terms as (

    select * from {{ raw('woocommerce', 'terms') }}

),

term_taxonomy as (

    select * from {{ raw('woocommerce', 'term_taxonomy') }}

),

term_relationships as (

    select * from {{ raw('woocommerce', 'term_relationships') }}

),

newest_posts as (

    select * from {{ newest('posts', ['ID'], 'post_modified_gmt') }}

),

newest_products as (

    select * from {{ newest('product_lookup', ['product_id']) }}

),

newest_terms as (

    select * from {{ newest('terms', ['term_id']) }}

),

newest_taxonomy as (

    select * from {{ newest('term_taxonomy', ['term_taxonomy_id']) }}

),

newest_relationships as (

    select * from {{ newest('term_relationships', ['object_id', 'term_taxonomy_id']) }}

),

variations as (

    select
        posts.source_system,
        posts.post_parent as product_id,
        min({{ blank_to_null('products.sku') }}) as sku,
        sum(products.stock_quantity) as stock_quantity

    from newest_posts as posts
    inner join newest_products as products
        on products.source_system = posts.source_system
        and products.product_id = posts.ID
    where posts.post_type = 'product_variation' and not posts._is_deleted and not products._is_deleted
    group by posts.source_system, posts.post_parent

),

product_terms as (

    select
        relationships.source_system,
        relationships.object_id as product_id,
        taxonomy.taxonomy,
        taxonomy.term_id,
        nullif(taxonomy.parent, 0) as parent_term_id,
        terms.name

    from newest_relationships as relationships
    inner join newest_taxonomy as taxonomy
        on taxonomy.source_system = relationships.source_system
        and taxonomy.term_taxonomy_id = relationships.term_taxonomy_id
    inner join newest_terms as terms
        on terms.source_system = taxonomy.source_system
        and terms.term_id = taxonomy.term_id
    where not relationships._is_deleted and not taxonomy._is_deleted

),

categories as (

    select
        source_system,
        product_id,
        term_id as category_id,
        parent_term_id as parent_category_id

    from product_terms
    where taxonomy = 'product_cat'

),

product_categories as (

    select * from {{ most_specific_category('categories') }}

),

brands as (

    select
        source_system,
        product_id,
        min(name) as brand

    from product_terms
    where taxonomy = 'product_brand'
    group by source_system, product_id

),

final as (

    select
        cast(posts.ID as string) as product_id,
        coalesce({{ blank_to_null('products.sku') }}, variations.sku) as sku,
        {{ blank_to_null('posts.post_title') }} as title,
        brands.brand,
        cast(product_categories.category_id as string) as category_id,
        {{ money('products.min_price') }} as price,
        cast(coalesce(products.stock_quantity, variations.stock_quantity) as decimal(18, 4)) as stock_quantity,
        posts.post_status = 'publish' as is_active,
        {{ utc_timestamp('posts.post_modified_gmt') }} as updated_at,
        posts.post_status = 'trash' as is_deleted,
        posts.source_system,
        posts._raw_table,
        posts._loaded_at,
        posts._as_of,
        posts._is_deleted

    from posts
    left join newest_products as products
        on products.source_system = posts.source_system
        and products.product_id = posts.ID
    left join variations
        on variations.source_system = posts.source_system
        and variations.product_id = posts.ID
    left join product_categories
        on product_categories.source_system = posts.source_system
        and product_categories.product_id = posts.ID
    left join brands
        on brands.source_system = posts.source_system
        and brands.product_id = posts.ID
    where posts.post_type = 'product'

)

select * from final
