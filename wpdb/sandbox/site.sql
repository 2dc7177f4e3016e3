-- The tables of WordPress and of the plugin that a token request touches, as a
-- fresh installation has them. {prefix} is put in by site.go.
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
CREATE TABLE {prefix}moos_oauth_clients (
  client_name varchar(255),
  client_id varchar(255),
  client_secret varchar(255),
  redirect_uri varchar(255),
  active_oauth_server_id int
);
CREATE TABLE {prefix}moos_oauth_access_tokens (
  access_token varchar(255),
  client_id varchar(255),
  user_id int,
  expires timestamp NULL DEFAULT NULL,
  scope varchar(255)
);
CREATE TABLE {prefix}moos_oauth_refresh_tokens (
  refresh_token varchar(255),
  client_id varchar(255),
  user_id int,
  expires timestamp NULL DEFAULT NULL,
  scope varchar(255)
);
CREATE TABLE {prefix}moos_oauth_authorization_codes (
  authorization_code varchar(255),
  client_id varchar(255),
  user_id int,
  redirect_uri varchar(255),
  expires timestamp NULL DEFAULT NULL,
  scope varchar(255),
  id_token varchar(255)
);
CREATE TABLE {prefix}moos_oauth_public_keys (
  client_id varchar(80),
  public_key varchar(8000),
  private_key varchar(8000),
  encryption_algorithm varchar(80) DEFAULT 'RS256'
);
CREATE TABLE {prefix}moos_oauth_scopes (
  scope varchar(100) UNIQUE,
  is_default boolean
);
CREATE TABLE {prefix}moos_oauth_authorized_apps (
  client_id text,
  user_id int
);
INSERT INTO {prefix}moos_oauth_scopes VALUES ('email', 1), ('profile', 0);
INSERT INTO {prefix}users (ID, user_login, user_nicename, user_email, display_name) VALUES
  (1, 'admin', 'admin', 'admin@example.com', 'admin'),
  (2, 'alice', 'alice', 'alice@example.com', 'Alice Liddell'),
  (3, 'bob', 'bob', 'bob@example.com', 'Bob');
INSERT INTO {prefix}usermeta (user_id, meta_key, meta_value) VALUES
  (2, 'first_name', 'Alice'), (2, 'last_name', 'Liddell'), (2, 'nickname', 'alice'),
  (3, 'first_name', 'Bob'), (3, 'last_name', ''), (3, 'nickname', 'bob');
INSERT INTO {prefix}options (option_name, option_value) VALUES
  ('siteurl', 'http://127.0.0.1'),
  ('home', 'http://127.0.0.1'),
  ('permalink_structure', '/%postname%/'),
  ('mo_oauth_server_is_client_secret_encrypted', '1');
