<?php
/**
 * The least that a token could cost PHP: what WordPress does for any request of
 * its REST API, one SELECT by an index and one INSERT.
 */

add_action(
	'rest_api_init',
	function () {
		register_rest_route(
			'bench/v1',
			'/token',
			array(
				'methods'             => 'POST',
				'permission_callback' => '__return_true',
				'callback'            => 'bench_token',
			)
		);
	}
);

function bench_token( $request ) {
	global $wpdb;
	$grant = $wpdb->get_row(
		$wpdb->prepare(
			"SELECT client_id, user_id, expires, scope FROM {$wpdb->prefix}moos_oauth_refresh_tokens WHERE refresh_token = CAST(%s AS BINARY)",
			$request['refresh_token']
		),
		ARRAY_A
	);
	if ( ! $grant ) {
		return new WP_Error( 'no_grant', 'The refresh token is not there.', array( 'status' => 400 ) );
	}
	$grant['access_token'] = bin2hex( random_bytes( 16 ) );
	$grant['expires']      = gmdate( 'Y-m-d H:i:s', time() + HOUR_IN_SECONDS );
	$wpdb->insert( "{$wpdb->prefix}moos_oauth_access_tokens", $grant );
	return array(
		'access_token' => $grant['access_token'],
		'opcache'      => extension_loaded( 'Zend OPcache' ) && ini_get( 'opcache.enable' ),
	);
}
