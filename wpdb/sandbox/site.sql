-- The tables of WordPress that a token request touches, as a fresh installation
-- has them, and three users. {prefix} is put in by site.go.
CREATE TABLE {prefix}users (
  ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_login varchar(60) NOT NULL DEFAULT '',
  user_pass varchar(255) NOT NULL DEFAULT '',
  user_nicename varchar(50) NOT NULL DEFAULT '',
  user_email varchar(100) NOT NULL DEFAULT '',
  user_registered datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  display_name varchar(250) NOT NULL DEFAULT '',
  KEY user_login_key (user_login)
);
CREATE TABLE {prefix}usermeta (
  umeta_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id bigint unsigned NOT NULL DEFAULT 0,
  meta_key varchar(255) DEFAULT NULL,
  meta_value longtext,
  KEY user_id (user_id)
);
CREATE TABLE {prefix}options (
  option_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  option_name varchar(191) NOT NULL DEFAULT '',
  option_value longtext NOT NULL,
  autoload varchar(20) NOT NULL DEFAULT 'yes',
  UNIQUE KEY option_name (option_name)
);
INSERT INTO {prefix}users (ID, user_login, user_nicename, user_email, display_name) VALUES
  (1, 'admin', 'admin', 'admin@example.com', 'admin'),
  (2, 'alice', 'alice', 'alice@example.com', 'Alice Liddell'),
  (3, 'bob', 'bob', 'bob@example.com', 'Bob');
INSERT INTO {prefix}usermeta (user_id, meta_key, meta_value) VALUES
  (2, 'first_name', 'Alice'), (2, 'last_name', 'Liddell'), (2, 'nickname', 'alice'),
  (3, 'first_name', 'Bob'), (3, 'last_name', ''), (3, 'nickname', 'bob');
INSERT INTO {prefix}options (option_name, option_value) VALUES
  ('home', 'http://127.0.0.1'),
  ('permalink_structure', '/%postname%/');
