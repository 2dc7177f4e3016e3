<?php
/**
 * Plugin Name: moserver-sidecar: close PHP's token route
 * Description: Refuses the token requests that moserver-sidecar serves, so that none gets past it to the plugin's PHP. Delete this file to open the route again.
 * License: Apache-2.0
 * License URI: https://www.apache.org/licenses/LICENSE-2.0
 *
 * @package moserver-sidecar
 */

defined( 'ABSPATH' ) || exit;

// Last, so that no other plugin puts an answer of its own in this one's place.
add_filter( 'rest_pre_dispatch', 'moserver_sidecar_close_token_route', PHP_INT_MAX, 3 );

/**
 * Answers codes, refresh tokens and revocations at PHP's token route with 503.
 * Other grants, such as password, are left to the plugin: moserver-sidecar itself
 * passes them on. The answer has no "error" member, so no client takes it for the
 * end of its token.
 *
 * @param mixed           $result  What other plugins answer; null: nothing.
 * @param WP_REST_Server  $server  The REST server.
 * @param WP_REST_Request $request The request.
 * @return mixed The refusal, or $result.
 */
function moserver_sidecar_close_token_route( $result, $server, $request ) {
	// WordPress finds the route by this very expression, however it is spelled in the request.
	if ( ! preg_match( '@^/moserver/token$@i', $request->get_route() ) ) {
		return $result;
	}
	// The plugin reads $_POST or a JSON body, and no other parameters.
	$given = $_POST ? $_POST : json_decode( $request->get_body(), true ); // phpcs:ignore WordPress.Security.NonceVerification.Missing -- OAuth requests have none.
	$grant = $given['grant_type'] ?? '';
	$grant = is_string( $grant ) ? sanitize_text_field( $grant ) : 'none';
	$ours  = array( 'authorization_code', 'refresh_token', 'revoke_token', 'revoke' );
	if ( ! in_array( $grant, $ours, true ) && ( '' !== $grant || empty( $given['token'] ) ) ) {
		return $result;
	}
	return new WP_REST_Response(
		array(
			'code'    => 'moserver_token_route_closed',
			'message' => 'Token requests must go to moserver-sidecar, but this one reached PHP.',
			'data'    => array( 'status' => 503 ),
		),
		503,
		array(
			'Retry-After'   => '60',
			'Cache-Control' => 'no-store',
		)
	);
}
