<?php
define('DB_NAME', 'network'); define('DB_USER', 'network');
define('DB_PASSWORD', "p\$ss!Aé");
define('DB_HOST', 'db.example.net:3307');
define('DB_CHARSET', 'utf8mb4');
$table_prefix  = 'net_';
define('WP_ALLOW_MULTISITE', true);
define('MULTISITE', true);
define('SUBDOMAIN_INSTALL', false);
define('DOMAIN_CURRENT_SITE', 'example.net');
define('PATH_CURRENT_SITE', '/');
define('SITE_ID_CURRENT_SITE', 1);
define('BLOG_ID_CURRENT_SITE', 1);
define('SUNRISE', 'on');
define('CUSTOM_USER_TABLE', $table_prefix . 'people');
define('CUSTOM_USER_META_TABLE', CUSTOM_USER_TABLE . 'meta');
define('WP_HOME', 'https://example.net');
if ( isset( $_SERVER['HTTP_HOST'] ) && $_SERVER['HTTP_HOST'] === 'old.example.net' ) {
	header( 'Location: https://example.net/' );
	exit;
}
switch ( $_SERVER['REQUEST_URI'] ) {
	case '/a':
	default:
		define( 'WP_CACHE', true );
}
if ( ! defined('ABSPATH') ) define('ABSPATH', dirname(__FILE__) . '/');
require_once(ABSPATH . 'wp-settings.php');
