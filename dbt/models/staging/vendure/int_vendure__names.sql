-- staging/vendure/int_vendure__names.sql: one row per product and collection, with its name in the shop's language
with channels as (

    select * from {{ raw('vendure', 'channel') }}

),

product_translations as (

    select * from {{ raw('vendure', 'product_translation') }}

),

collection_translations as (

    select * from {{ raw('vendure', 'collection_translation') }}

),

newest_channels as (

    select * from {{ newest('channels', ['id'], 'updatedAt') }}

),

newest_product_translations as (

    select * from {{ newest('product_translations', ['id'], 'updatedAt') }}

),

newest_collection_translations as (

    select * from {{ newest('collection_translations', ['id'], 'updatedAt') }}

),

translations as (

    select source_system, 'product' as entity, baseId as base_id, languageCode as language, name, _is_deleted
    from newest_product_translations

    union all

    select source_system, 'collection', baseId, languageCode, name, _is_deleted
    from newest_collection_translations

),

-- the default channel's language first
ranked as (

    select
        translations.*,
        row_number() over (
            partition by translations.source_system, translations.entity, translations.base_id
            order by
                case when translations._is_deleted then 1 else 0 end nulls last,
                case when channels.id is not null then 0 else 1 end nulls last,
                translations.language nulls last,
                translations.name nulls last
        ) as place

    from translations
    left join newest_channels as channels
        on channels.source_system = translations.source_system
        and channels.code = '__default_channel__'
        and channels.defaultLanguageCode = translations.language

),

final as (

    select
        source_system,
        entity,
        base_id,
        {{ blank_to_null('name') }} as name

    from ranked
    where place = 1

)

select * from final
