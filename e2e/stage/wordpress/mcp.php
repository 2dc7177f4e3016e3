<?php
// The plugin's feature for AI clients: metadata, registration, and a server of
// the Model Context Protocol with one tool, which says who is asking.

add_action(
	'rest_api_init',
	function () {
		foreach ( array( 'register', 'mcp' ) as $name ) {
			register_rest_route(
				'moserver',
				'/' . $name,
				array(
					'methods'             => 'POST',
					'permission_callback' => '__return_true',
					'callback'            => 'stage_' . $name,
				)
			);
		}
	}
);

/** The metadata, which has addresses of its own. It says S256, which nobody here checks. */
add_action(
	'parse_request',
	function () {
		$path = wp_parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
		if ( preg_match( '#/\.well-known/oauth-authorization-server(/|$)#', $path ) ) {
			wp_send_json(
				array(
					'issuer'                                => home_url(),
					'authorization_endpoint'                => rest_url( 'moserver/authorize' ),
					'token_endpoint'                        => rest_url( 'moserver/token' ),
					'registration_endpoint'                 => rest_url( 'moserver/register' ),
					'response_types_supported'              => array( 'code' ),
					'grant_types_supported'                 => array( 'authorization_code', 'refresh_token' ),
					'token_endpoint_auth_methods_supported' => array( 'client_secret_post' ),
					'code_challenge_methods_supported'      => array( 'S256' ),
				)
			);
		}
		if ( preg_match( '#/\.well-known/oauth-protected-resource(/|$)#', $path ) ) {
			wp_send_json(
				array(
					'resource'              => rest_url( 'moserver/mcp' ),
					'authorization_servers' => array( home_url() ),
				)
			);
		}
	}
);

/** As the registration (RFC 7591). The plugin's clients always get a secret; here one may do without. */
function stage_register( $request ) {
	$asked  = $request->get_json_params();
	$public = 'none' === ( $asked['token_endpoint_auth_method'] ?? '' );
	$id     = 'mcp_' . wp_generate_password( 32, false );
	$secret = $public ? '' : wp_generate_password( 48, false );
	stage_insert_client( $asked['client_name'] . ' - ' . $id, $id, $secret, $asked['redirect_uris'][0], 'RS256' );
	$answer = array(
		'client_id'                  => $id,
		'client_name'                => $asked['client_name'],
		'redirect_uris'              => array( $asked['redirect_uris'][0] ),
		'token_endpoint_auth_method' => $public ? 'none' : 'client_secret_post',
	);
	return new WP_REST_Response( $public ? $answer : $answer + array( 'client_secret' => $secret ), 201 );
}

/** As /mcp, in the transport "Streamable HTTP". */
function stage_mcp( $request ) {
	$user = stage_resource( $request );
	if ( ! is_array( $user ) || isset( $user['error'] ) ) {
		$where = home_url( '/.well-known/oauth-protected-resource/wp-json/moserver/mcp' );
		return new WP_REST_Response( $user, 401, array( 'WWW-Authenticate' => 'Bearer resource_metadata="' . $where . '"' ) );
	}
	$call   = $request->get_json_params();
	$result = array(
		'initialize' => array(
			'protocolVersion' => $call['params']['protocolVersion'] ?? '',
			'capabilities'    => array( 'tools' => new stdClass() ),
			'serverInfo'      => array(
				'name'    => 'Stage',
				'version' => '1',
			),
		),
		'tools/call' => array(
			'content' => array(
				array(
					'type' => 'text',
					'text' => $user['username'],
				),
			),
		),
	);
	if ( ! isset( $call['id'] ) ) { // a notification
		return new WP_REST_Response( null, 202 );
	}
	return array(
		'jsonrpc' => '2.0',
		'id'      => $call['id'],
		'result'  => $result[ $call['method'] ],
	);
}
