-- What the plugin adds to a WordPress when it is activated. {prefix} is put in
-- by site.go.
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
INSERT INTO {prefix}options (option_name, option_value) VALUES
  ('mo_oauth_server_is_client_secret_encrypted', '1');
REPLACE INTO {prefix}options (option_name, option_value) VALUES
  ('active_plugins', 'a:1:{i:0;s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";}');
