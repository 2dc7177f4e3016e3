<?php
// The plugin's /authorize, in its five steps: to wp-login.php, back, a page that
// asks for consent, its answer, and the redirect with a code.

add_action( 'parse_request', 'stage_authorize', 0 ); // before the REST API forgets who is logged in

/** As the plugin, it looks at the address itself, and at what esc_url_raw leaves of it. */
function stage_authorize() {
	$here = ( is_ssl() ? 'https://' : 'http://' ) . $_SERVER['HTTP_HOST'] . $_SERVER['REQUEST_URI'];
	$path = untrailingslashit( strtok( esc_url_raw( $here ), '?' ) );
	if ( get_option( 'permalink_structure' ) ) {
		$asked = home_url( '/wp-json/moserver/authorize' ) === $path;
	} else {
		$asked = str_contains( (string) ( $_GET['rest_route'] ?? '' ), '/moserver/authorize' );
	}
	if ( ! $asked ) {
		return;
	}
	if ( ! is_user_logged_in() ) {
		stage_go( wp_login_url( $here ) );
	}
	$given  = array_filter( wp_unslash( $_GET ), 'is_string' ); // of others nothing is left
	$client = stage_authorize_client( $given );
	$known  = 'stage_consent_' . $client->client_id;
	if ( 'POST' === $_SERVER['REQUEST_METHOD'] ) {
		if ( ! wp_verify_nonce( $_POST['consent'] ?? '', $known ) ) {
			stage_refuse( 'invalid_nonce' );
		}
		update_user_meta( get_current_user_id(), $known, '1' );
		stage_go( strtok( $here, '?' ) . '?' . http_build_query( array_merge( $given, array( 'prompt' => 'allow' ) ) ) );
	}
	if ( 'allow' === ( $given['prompt'] ?? '' ) && get_user_meta( get_current_user_id(), $known, true ) ) {
		stage_issue_code( $client, $given );
	}
	echo '<!DOCTYPE html><title>Consent</title><form id="consent" method="post">' .
		'<input type="hidden" name="consent" value="' . esc_attr( wp_create_nonce( $known ) ) . '">' .
		'<button id="allow">Allow</button></form>';
	exit;
}

/** The client of a request that can have a code. */
function stage_authorize_client( $given ) {
	global $wpdb;
	$client = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$wpdb->base_prefix}moos_oauth_clients WHERE client_id = %s", $given['client_id'] ?? '' ) );
	if ( ! $client ) {
		stage_refuse( 'invalid_client' );
	}
	if ( ( $given['redirect_uri'] ?? '' ) !== $client->redirect_uri ) {
		stage_refuse( 'redirect_uri_mismatch' );
	}
	if ( 'code' !== ( $given['response_type'] ?? '' ) ) {
		stage_refuse( 'unsupported_response_type' );
	}
	return $client;
}

/** The last step. The challenge of PKCE is in the request, and is kept nowhere. */
function stage_issue_code( $client, $given ) {
	$code = Stage_Admin::authorize(
		array(
			'client_id'    => $client->client_id,
			'redirect_uri' => $client->redirect_uri,
			'user'         => get_current_user_id(),
			'scope'        => $given['scope'] ?? 'profile email',
			'nonce'        => $given['nonce'] ?? '',
			'code'         => '',
		)
	);
	$back = array( 'code' => $code ) + array_intersect_key( $given, array( 'state' => '' ) );
	stage_go( $client->redirect_uri . '?' . http_build_query( $back ) );
}

function stage_go( $address ) {
	wp_redirect( $address );
	exit;
}

function stage_refuse( $code ) {
	wp_send_json( stage_error( $code ), 400 );
}
