<?php
/**
 * Plugin Name: moserver-sidecar: Site Health
 * Description: Shows under Tools, Site Health whether token requests reach moserver-sidecar.
 * License: Apache-2.0
 * License URI: https://www.apache.org/licenses/LICENSE-2.0
 *
 * @package moserver-sidecar
 */

defined( 'ABSPATH' ) || exit;

add_filter( 'site_status_tests', 'moserver_sidecar_add_test' );
add_action( 'rest_api_init', 'moserver_sidecar_add_test_route' );

/**
 * Adds the test to those that Site Health runs in the background, because it asks
 * the site itself.
 *
 * @param array $tests Site Health's tests.
 * @return array The same with one more.
 */
function moserver_sidecar_add_test( $tests ) {
	$tests['async']['moserver_sidecar'] = array(
		'label'             => 'Token requests',
		'test'              => rest_url( 'moserver-sidecar/v1/site-health' ),
		'has_rest'          => true,
		'async_direct_test' => 'moserver_sidecar_test',
	);
	return $tests;
}

/**
 * Adds the route by which Site Health's page runs the test.
 */
function moserver_sidecar_add_test_route() {
	register_rest_route(
		'moserver-sidecar/v1',
		'/site-health',
		array(
			'methods'             => 'GET',
			'callback'            => 'moserver_sidecar_test',
			'permission_callback' => function () {
				return current_user_can( 'view_site_health_checks' );
			},
		)
	);
}

/**
 * Asks the token address with GET, which only moserver-sidecar answers with 405:
 * PHP has no such route.
 *
 * @return array The test's result, as Site Health wants it.
 */
function moserver_sidecar_test() {
	$url    = rest_url( 'moserver/token' );
	$answer = wp_remote_get(
		$url,
		array(
			'timeout'     => 10,
			'redirection' => 0,
			/** This filter is documented in wp-includes/class-wp-http-streams.php */
			'sslverify'   => apply_filters( 'https_local_ssl_verify', false ),
		)
	);
	$seen   = is_wp_error( $answer ) ? $answer->get_error_message() : 'status ' . wp_remote_retrieve_response_code( $answer );
	$closed = has_filter( 'rest_pre_dispatch', 'moserver_sidecar_close_token_route' );
	if ( 'status 405' === $seen && 'POST' === wp_remote_retrieve_header( $answer, 'allow' ) ) {
		$status = 'good';
		$label  = 'Token requests reach moserver-sidecar';
		$means  = 'They are answered as they should be.';
	} elseif ( is_wp_error( $answer ) ) {
		$status = 'recommended';
		$label  = 'WordPress cannot see whether token requests reach moserver-sidecar';
		$means  = 'The site could not send a request to itself.';
	} elseif ( $closed ) {
		$status = 'critical';
		$label  = 'Nobody answers token requests';
		$means  = 'They do not reach moserver-sidecar, and PHP refuses them while moserver-close-token-route.php is in wp-content/mu-plugins. Send them to moserver-sidecar, and see that it is running; or let PHP answer them, and delete that file.';
	} else {
		$status = 'recommended';
		$label  = 'Token requests do not reach moserver-sidecar';
		$means  = 'Unless you took it out of use, the web server should send them there. If you did, delete moserver-site-health.php from wp-content/mu-plugins.';
	}
	return array(
		'test'        => 'moserver_sidecar',
		'label'       => $label,
		'status'      => $status,
		'badge'       => array(
			'label' => 'moserver-sidecar',
			'color' => 'blue',
		),
		'description' => sprintf( '<p>%s</p><p>GET <code>%s</code>: %s</p>', esc_html( $means ), esc_html( $url ), esc_html( $seen ) ),
		'actions'     => '',
	);
}
