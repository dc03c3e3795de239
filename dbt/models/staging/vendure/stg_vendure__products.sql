-- staging/vendure/stg_vendure__products.sql: one row per version of a product, with its variants taken together
with products as (

    select * from {{ raw('vendure', 'product') }}

),

variants as (

    select * from {{ raw('vendure', 'product_variant') }}

),

prices as (

    select * from {{ raw('vendure', 'product_variant_price') }}

),

stock_levels as (

    select * from {{ raw('vendure', 'stock_level') }}

),

channels as (

    select * from {{ raw('vendure', 'channel') }}

),

collections as (

    select * from {{ raw('vendure', 'collection') }}

),

memberships as (

    select * from {{ raw('vendure', 'collection_product_variants_product_variant') }}

),

names as (

    select * from {{ ref('int_vendure__names') }} where entity = 'product'

),

newest_variants as (

    select * from {{ newest('variants', ['id'], 'updatedAt') }}

),

newest_prices as (

    select * from {{ newest('prices', ['id'], 'updatedAt') }}

),

newest_stock_levels as (

    select * from {{ newest('stock_levels', ['id'], 'updatedAt') }}

),

newest_channels as (

    select * from {{ newest('channels', ['id'], 'updatedAt') }}

),

newest_collections as (

    select * from {{ newest('collections', ['id'], 'updatedAt') }}

),

newest_memberships as (

    select * from {{ newest('memberships', ['collectionId', 'productVariantId']) }}

),

-- a price is that in the default channel and its currency
variant_prices as (

    select
        prices.source_system,
        prices.variantId as variant_id,
        min(prices.price) as price_cents

    from newest_prices as prices
    inner join newest_channels as channels
        on channels.source_system = prices.source_system
        and channels.id = prices.channelId
        and channels.defaultCurrencyCode = prices.currencyCode
    where channels.code = '__default_channel__' and not prices._is_deleted
    group by prices.source_system, prices.variantId

),

variant_stock as (

    select
        source_system,
        productVariantId as variant_id,
        sum(stockOnHand) as stock_quantity

    from newest_stock_levels
    where not _is_deleted
    group by source_system, productVariantId

),

offered as (

    select
        variants.source_system,
        variants.productId as product_id,
        min({{ blank_to_null('variants.sku') }}) as sku,
        min(variant_prices.price_cents) as price_cents,
        sum(variant_stock.stock_quantity) as stock_quantity

    from newest_variants as variants
    left join variant_prices
        on variant_prices.source_system = variants.source_system
        and variant_prices.variant_id = variants.id
    left join variant_stock
        on variant_stock.source_system = variants.source_system
        and variant_stock.variant_id = variants.id
    where variants.deletedAt is null and not variants._is_deleted
    group by variants.source_system, variants.productId

),

assignments as (

    select distinct
        memberships.source_system,
        variants.productId as product_id,
        collections.id as category_id,
        parents.id as parent_category_id

    from newest_memberships as memberships
    inner join newest_variants as variants
        on variants.source_system = memberships.source_system
        and variants.id = memberships.productVariantId
    inner join newest_collections as collections
        on collections.source_system = memberships.source_system
        and collections.id = memberships.collectionId
    left join newest_collections as parents
        on parents.source_system = collections.source_system
        and parents.id = collections.parentId
        and not parents.isRoot
    where not memberships._is_deleted and not collections._is_deleted and not collections.isRoot

),

product_categories as (

    select * from {{ most_specific_category('assignments') }}

),

final as (

    select
        cast(products.id as string) as product_id,
        offered.sku,
        names.name as title,
        cast(product_categories.category_id as string) as category_id,
        {{ hundredths('offered.price_cents') }} as price,
        cast(offered.stock_quantity as decimal(18, 4)) as stock_quantity,
        products.enabled as is_active,
        {{ utc_timestamp('products.updatedAt') }} as updated_at,
        products.deletedAt is not null as is_deleted,
        products.source_system,
        products._raw_table,
        products._loaded_at,
        products._as_of,
        products._is_deleted

    from products
    left join offered
        on offered.source_system = products.source_system
        and offered.product_id = products.id
    left join product_categories
        on product_categories.source_system = products.source_system
        and product_categories.product_id = products.id
    left join names
        on names.source_system = products.source_system
        and names.base_id = products.id

)

select * from final
