-- The tables of Vendure 3 on PostgreSQL that staging reads, and the columns of theirs that matter here, with their types.
create table channel (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "code" varchar not null, "token" varchar not null, "defaultLanguageCode" varchar not null,
    "defaultCurrencyCode" varchar not null, "pricesIncludeTax" boolean not null
);
create table customer (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "deletedAt" timestamp, "title" varchar, "firstName" varchar not null, "lastName" varchar not null,
    "phoneNumber" varchar, "emailAddress" varchar not null, "userId" integer,
    "customFields__fix_relational_custom_fields__" boolean
);
create table region (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "code" varchar not null, "type" varchar not null, "enabled" boolean not null, "parentId" integer,
    "discriminator" varchar not null
);
create table address (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "fullName" varchar not null default '', "city" varchar not null default '', "province" varchar not null default '',
    "postalCode" varchar not null default '', "phoneNumber" varchar not null default '',
    "defaultShippingAddress" boolean not null default false, "customerId" integer, "countryId" integer
);
create table "order" (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "type" varchar not null default 'Regular', "code" varchar not null, "state" varchar not null,
    "active" boolean not null default true, "orderPlacedAt" timestamp, "couponCodes" text not null,
    "shippingAddress" text not null, "billingAddress" text not null, "currencyCode" varchar not null,
    "aggregateOrderId" integer, "customerId" integer, "taxZoneId" integer, "subTotal" integer not null,
    "subTotalWithTax" integer not null, "shipping" integer not null default 0,
    "shippingWithTax" integer not null default 0
);
create table order_line (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "quantity" integer not null, "orderPlacedQuantity" integer not null default 0,
    "listPriceIncludesTax" boolean not null, "adjustments" text not null, "taxLines" text not null,
    "productVariantId" integer not null, "orderId" integer, "initialListPrice" integer, "listPrice" integer not null
);
create table surcharge (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "description" varchar not null, "listPriceIncludesTax" boolean not null, "sku" varchar not null,
    "taxLines" text not null, "orderId" integer, "listPrice" integer not null
);
create table payment (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "method" varchar not null, "state" varchar not null, "transactionId" varchar, "metadata" text not null,
    "orderId" integer, "amount" integer not null
);
create table refund (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "method" varchar not null, "reason" varchar, "state" varchar not null, "transactionId" varchar,
    "metadata" text not null, "paymentId" integer not null, "items" integer not null, "shipping" integer not null,
    "adjustment" integer not null, "total" integer not null
);
create table order_line_reference (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "quantity" integer not null, "fulfillmentId" integer, "modificationId" integer, "orderLineId" integer not null,
    "refundId" integer, "discriminator" varchar not null
);
create table history_entry (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "type" varchar not null, "isPublic" boolean not null, "data" text not null, "discriminator" varchar not null,
    "customerId" integer, "orderId" integer
);
create table product (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "deletedAt" timestamp, "enabled" boolean not null default true
);
create table product_translation (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "languageCode" varchar not null, "name" varchar not null, "slug" varchar not null, "baseId" integer
);
create table product_variant (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "deletedAt" timestamp, "enabled" boolean not null default true, "sku" varchar not null, "productId" integer
);
create table product_variant_price (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "currencyCode" varchar not null, "channelId" integer, "variantId" integer, "price" integer not null
);
create table stock_level (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "stockOnHand" integer not null, "stockAllocated" integer not null, "productVariantId" integer not null,
    "stockLocationId" integer not null
);
create table collection (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "isRoot" boolean not null default false, "position" integer not null, "isPrivate" boolean not null default false,
    "filters" text not null, "parentId" integer
);
create table collection_translation (
    "id" serial primary key, "createdAt" timestamp not null default now(), "updatedAt" timestamp not null default now(),
    "languageCode" varchar not null, "name" varchar not null, "slug" varchar not null, "baseId" integer
);
create table collection_product_variants_product_variant (
    "collectionId" integer not null, "productVariantId" integer not null,
    primary key ("collectionId", "productVariantId")
);
