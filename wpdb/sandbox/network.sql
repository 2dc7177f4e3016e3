-- What a network of three blogs has beside the tables of its main site. {prefix}
-- is put in by site.go.
CREATE TABLE {prefix}blogs (
  blog_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  site_id bigint NOT NULL DEFAULT 0
);
CREATE TABLE {prefix}sitemeta (
  meta_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  site_id bigint NOT NULL DEFAULT 0,
  meta_key varchar(255) DEFAULT NULL,
  meta_value longtext,
  KEY meta_key (meta_key(191)),
  KEY site_id (site_id)
);
INSERT INTO {prefix}blogs (blog_id, site_id) VALUES (1, 1), (2, 1), (3, 1);
INSERT INTO {prefix}sitemeta (site_id, meta_key, meta_value) VALUES (1, 'active_sitewide_plugins', 'a:0:{}');
