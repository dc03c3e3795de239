-- The tables of WooCommerce (high-performance order storage) and WordPress that staging reads, and the columns of
-- theirs that matter here, with their types.
create table wp_wc_orders (
    id bigint unsigned primary key,
    status varchar(20),
    currency varchar(10),
    type varchar(20),
    tax_amount decimal(26, 8),
    total_amount decimal(26, 8),
    customer_id bigint unsigned,
    billing_email varchar(320),
    date_created_gmt datetime,
    date_updated_gmt datetime,
    parent_order_id bigint unsigned,
    payment_method varchar(100),
    customer_note text
);
create table wp_wc_order_addresses (
    id bigint unsigned auto_increment primary key,
    order_id bigint unsigned not null,
    address_type varchar(20),
    first_name text,
    city text,
    state text,
    postcode text,
    country text,
    email varchar(320),
    phone varchar(100)
);
create table wp_wc_order_operational_data (
    id bigint unsigned auto_increment primary key,
    order_id bigint unsigned,
    created_via varchar(100),
    prices_include_tax tinyint(1),
    date_paid_gmt datetime,
    date_completed_gmt datetime,
    shipping_tax_amount decimal(26, 8),
    shipping_total_amount decimal(26, 8),
    discount_tax_amount decimal(26, 8),
    discount_total_amount decimal(26, 8)
);
create table wp_wc_orders_meta (
    id bigint unsigned auto_increment primary key,
    order_id bigint unsigned,
    meta_key varchar(255),
    meta_value text
);
create table wp_woocommerce_order_items (
    order_item_id bigint unsigned auto_increment primary key,
    order_item_name text not null,
    order_item_type varchar(200) not null default '',
    order_id bigint unsigned not null
);
create table wp_woocommerce_order_itemmeta (
    meta_id bigint unsigned auto_increment primary key,
    order_item_id bigint unsigned not null,
    meta_key varchar(255),
    meta_value longtext
);
create table wp_wc_customer_lookup (
    customer_id bigint unsigned auto_increment primary key,
    user_id bigint unsigned,
    username varchar(60) not null default '',
    first_name varchar(255) not null,
    last_name varchar(255) not null,
    email varchar(100),
    date_last_active timestamp null,
    date_registered timestamp null,
    country char(2) not null default '',
    postcode varchar(20) not null default '',
    city varchar(100) not null default '',
    state varchar(100) not null default ''
);
create table wp_posts (
    ID bigint unsigned auto_increment primary key,
    post_date datetime,
    post_modified_gmt datetime,
    post_content longtext,
    post_title text not null,
    post_status varchar(20) not null default 'publish',
    post_parent bigint unsigned not null default 0,
    post_type varchar(20) not null default 'post'
);
create table wp_wc_product_meta_lookup (
    product_id bigint primary key,
    sku varchar(100) default '',
    `virtual` tinyint(1) default 0,
    min_price decimal(19, 4),
    max_price decimal(19, 4),
    stock_quantity double,
    stock_status varchar(100) default 'instock'
);
create table wp_terms (
    term_id bigint unsigned auto_increment primary key,
    name varchar(200) not null default '',
    slug varchar(200) not null default ''
);
create table wp_term_taxonomy (
    term_taxonomy_id bigint unsigned auto_increment primary key,
    term_id bigint unsigned not null default 0,
    taxonomy varchar(32) not null default '',
    parent bigint unsigned not null default 0,
    count bigint not null default 0
);
create table wp_term_relationships (
    object_id bigint unsigned not null default 0,
    term_taxonomy_id bigint unsigned not null default 0,
    term_order int not null default 0,
    primary key (object_id, term_taxonomy_id)
);
