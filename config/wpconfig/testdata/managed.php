<?php
# BEGIN WP Cache by the host
define('WP_CACHE', true); # added by the host
if ( file_exists( dirname( __FILE__ ) . '/gd-config.php' ) ) {
	require_once( dirname( __FILE__ ) . '/gd-config.php' );
	define( 'FS_METHOD', 'direct' );
}
if ( ! defined( 'DB_NAME' ) ) :
	define( 'DB_NAME', 'fallback' );
endif;
define( 'DB_USER', 'ignored' );
$db = require __DIR__ . '/db.php';
define( 'DB_PASSWORD', $db['default']['password'] );
define( 'DB_HOST', "{$db['default']['host']}:{$db['default']['port']}" );
@include_once '/nonexistent/extra.php';
require_once 'relative.php';
$wpe_all_domains = array ( 0 => 'example.com', 1 => 'www.example.com', );
require $_SERVER['DOCUMENT_ROOT'] . '/harmless.php';
require_once(ABSPATH . 'wp-settings.php');
