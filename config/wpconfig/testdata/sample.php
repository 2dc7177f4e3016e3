<?php
/**
 * A configuration as the WordPress installer leaves it.
 *
 * @package WordPress
 */

// ** Database settings ** //
/** The name of the database for WordPress */
define( 'DB_NAME', 'shop' );

/** Database username */
define( 'DB_USER', 'shop_user' );

/** Database password */
define( 'DB_PASSWORD', 'it\'s "a" \\ secret; // not a comment' );

/** Database hostname */
define( 'DB_HOST', 'localhost' );

/** Database charset to use in creating database tables. */
define( 'DB_CHARSET', 'utf8mb4' );

/** The database collate type. */
define( 'DB_COLLATE', '' );

/**#@+
 * Authentication unique keys and salts.
 */
define( 'AUTH_KEY',         'S7<?php $x = "}{)( /* ?>' );
define( 'SECURE_AUTH_KEY',  '%#@!*`~{[' );
/**#@-*/

$table_prefix = 'wp_';

define( 'WP_DEBUG', false );
define( 'WP_HOME', 'https://' . $_SERVER['HTTP_HOST'] );
ini_set( 'display_errors', 0 );
add_filter( 'wp_mail', function ( $mail ) use ( $table_prefix ) {
	define( 'DB_NAME', 'never' );
	return $mail;
} );

/* Add any custom values between this line and the "stop editing" line. */



/* That's all, stop editing! Happy publishing. */

/** Absolute path to the WordPress directory. */
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}

/** Sets up WordPress vars and included files. */
require_once ABSPATH . 'wp-settings.php';

define( 'CUSTOM_USER_TABLE', 'too_late' );
