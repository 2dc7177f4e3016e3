<?php
// The routes of the plugin that a test of the token endpoint needs on the side of
// PHP: whose an access token is, and the token endpoint itself, for a site whose
// nginx sends it to PHP. It grants what the premium edition does.

/** As /resource: the user of an access token. Errors have status 200. */
function stage_resource( $request ) {
	global $wpdb;
	preg_match( '/Bearer\s(\S+)/i', (string) $request->get_header( 'authorization' ), $bearer );
	$token = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}moos_oauth_access_tokens WHERE access_token = %s", $bearer[1] ?? '' ) );
	if ( ! $token ) {
		return stage_error( 'invalid_token' );
	}
	// Without a date, and with the zero date, an access token is over.
	if ( time() > strtotime( (string) $token->expires ) ) {
		return stage_error( 'expired_token' );
	}
	$user = get_userdata( (int) $token->user_id );
	if ( ! $user ) {
		return new WP_REST_Response( array( 'error' => 'invalid_token' ), 403 );
	}
	return array(
		'id'       => $user->ID,
		'username' => $user->user_login,
		'email'    => $user->user_email,
	);
}

/** As the token endpoint of PHP. */
function stage_token( $request ) {
	global $wpdb;
	$given  = wp_unslash( $_POST );
	$client = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}moos_oauth_clients WHERE client_id = %s", $given['client_id'] ?? '' ) );
	if ( ! $client || stage_read_secret( $client->client_secret, $client->client_name ) !== ( $given['client_secret'] ?? '' ) ) {
		return stage_error( 'invalid_client' );
	}
	switch ( $given['grant_type'] ?? '' ) {
		case 'authorization_code':
			return stage_redeem( $client, $given );
		case 'refresh_token':
			return stage_refresh( $client, $given['refresh_token'] );
		case 'revoke_token':
			$where = array( 'refresh_token' => $given['token'] );
			$wpdb->delete( $wpdb->base_prefix . 'moos_oauth_refresh_tokens', $where );
			return array( 'revoked' => true );
	}
	return stage_error( 'invalid_grant' );
}

/** As the exchange of a code, which is over after its use. */
function stage_redeem( $client, $given ) {
	global $wpdb;
	$codes = $wpdb->base_prefix . 'moos_oauth_authorization_codes';
	$code  = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM $codes WHERE authorization_code = %s", $given['code'] ) );
	if ( ! $code || $code->client_id !== $client->client_id || time() > strtotime( (string) $code->expires ) ) {
		return stage_error( 'invalid_grant' );
	}
	if ( $code->redirect_uri && $code->redirect_uri !== ( $given['redirect_uri'] ?? '' ) ) {
		return stage_error( 'redirect_uri_mismatch' );
	}
	$wpdb->delete( $codes, array( 'authorization_code' => $given['code'] ) );
	return stage_issue( $code ) + array( 'refresh_token' => stage_put_token( 'refresh', $code, stage_lifetime( 'mo_oauth_refresh_expiry_time', 14 * DAY_IN_SECONDS ) ) );
}

/** As the refresh: a confidential client keeps its refresh token. */
function stage_refresh( $client, $value ) {
	global $wpdb;
	$token = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}moos_oauth_refresh_tokens WHERE refresh_token = %s", $value ) );
	if ( ! $token || $token->client_id !== $client->client_id ) {
		return stage_error( 'invalid_grant' );
	}
	// Without a date, and with the zero date, a refresh token never ends.
	$ends = strtotime( (string) $token->expires );
	if ( $ends > 0 && time() > $ends ) {
		return stage_error( 'invalid_grant' );
	}
	return stage_issue( $token ) + array( 'refresh_token' => $value );
}

/** The answer with an access token for a code's or token's user. */
function stage_issue( $grant ) {
	$lifetime = stage_lifetime( 'mo_oauth_expiry_time', HOUR_IN_SECONDS );
	return array(
		'access_token' => stage_put_token( 'access', $grant, $lifetime ),
		'expires_in'   => $lifetime,
		'token_type'   => 'Bearer',
		'scope'        => $grant->scope,
	);
}

/** Writes a token of a kind, and returns it. */
function stage_put_token( $kind, $grant, $lifetime ) {
	global $wpdb;
	$value = bin2hex( random_bytes( 16 ) );
	$wpdb->insert(
		"{$wpdb->base_prefix}moos_oauth_{$kind}_tokens",
		array(
			"{$kind}_token" => $value,
			'client_id'     => $grant->client_id,
			'user_id'       => $grant->user_id,
			'expires'       => gmdate( 'Y-m-d H:i:s', time() + $lifetime ),
			'scope'         => $grant->scope,
		)
	);
	return $value;
}

function stage_lifetime( $option, $unset ) {
	$seconds = (int) get_option( $option );
	return $seconds ? $seconds : $unset;
}

/** An OAuth error, with the status 200 that PHP gives it. */
function stage_error( $code ) {
	return array( 'error' => $code );
}

add_action(
	'rest_api_init',
	function () {
		$routes = array(
			'resource' => 'GET',
			'token'    => 'POST',
		);
		foreach ( $routes as $name => $method ) {
			register_rest_route(
				'moserver',
				'/' . $name,
				array(
					'methods'             => $method,
					'permission_callback' => '__return_true',
					'callback'            => 'stage_' . $name,
				)
			);
		}
	}
);

/** As the documents of a client. */
add_action(
	'rest_api_init',
	function () {
		foreach ( array( 'openid-configuration' => 'token_endpoint', 'keys' => 'keys' ) as $document => $member ) {
			register_rest_route(
				'moserver',
				'/(?P<client_id>\w+)/.well-known/' . $document,
				array(
					'methods'             => 'GET',
					'permission_callback' => '__return_true',
					'callback'            => fn() => array( $member => array( rest_url( 'moserver/token' ) ) ),
				)
			);
		}
	}
);
