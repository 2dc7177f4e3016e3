<?php
// Installs WordPress, as the forms of wp-admin/install.php and
// wp-admin/network.php do. Arguments: its address, its permalinks, and, for a
// network, "multisite".
list( , $url, $permalinks, $kind ) = $argv;
define( 'WP_INSTALLING', true );
define( 'WP_SITEURL', $url );
require ABSPATH . 'wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( 'Stage', 'admin', 'admin@example.com', false, '', 'the password of admin' );
update_option( 'permalink_structure', $permalinks );

if ( 'multisite' === $kind ) {
	foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) {
		$wpdb->$name = $table;
	}
	install_network();
	$parts = wp_parse_url( $url );
	$error = populate_network(
		1,
		$parts['host'] . ':' . $parts['port'],
		'admin@example.com',
		'Stage',
		trailingslashit( $parts['path'] ?? '' ),
		false
	);
	if ( is_wp_error( $error ) && 'no_wildcard_dns' !== $error->get_error_code() ) {
		exit( $error->get_error_message() );
	}
}
