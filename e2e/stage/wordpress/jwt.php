<?php
// Clients, secrets, keys and ID tokens in the forms that the plugin's tables have.

/** A client's secret as it is stored: the bytes of its name are added to it. */
function stage_store_secret( $secret, $name ) {
	$stored = '';
	for ( $i = 0; $i < strlen( $secret ); $i++ ) {
		$stored .= chr( ( ord( $secret[ $i ] ) + ord( $name[ $i % strlen( $name ) ] ) ) % 256 );
	}
	return base64_encode( $stored );
}

function stage_read_secret( $stored, $name ) {
	$secret = base64_decode( $stored );
	for ( $i = 0; $i < strlen( $secret ); $i++ ) {
		$secret[ $i ] = chr( ( ord( $secret[ $i ] ) - ord( $name[ $i % strlen( $name ) ] ) + 256 ) % 256 );
	}
	return $secret;
}

/** The columns of a key. That of HS256 is the secret, as it is stored. */
function stage_new_key( $algorithm, $stored_secret ) {
	$public  = '';
	$private = $stored_secret;
	if ( 'RS256' === $algorithm ) {
		$key = openssl_pkey_new( array( 'private_key_bits' => 2048 ) );
		openssl_pkey_export( $key, $private );
		$public = openssl_pkey_get_details( $key )['key'];
	}
	return array(
		'public_key'           => $public,
		'private_key'          => $private,
		'encryption_algorithm' => $algorithm,
	);
}

/** The rows of a new client. Without a secret it is a public one. */
function stage_insert_client( $name, $id, $secret, $redirect, $algorithm ) {
	global $wpdb;
	$stored = stage_store_secret( $secret, $name );
	$wpdb->insert(
		$wpdb->base_prefix . 'moos_oauth_clients',
		array(
			'client_name'            => $name,
			'client_id'              => $id,
			'client_secret'          => $stored,
			'redirect_uri'           => $redirect,
			'active_oauth_server_id' => get_current_blog_id(),
		)
	);
	$wpdb->insert( $wpdb->base_prefix . 'moos_oauth_public_keys', array( 'client_id' => $id ) + stage_new_key( $algorithm, $stored ) );
}

/** Whether the blog gives ID tokens. */
function stage_openid() {
	$switch = get_option( 'mo_oauth_server_enable_oidc' );
	return ! $switch || 'on' === $switch;
}

/** An ID token for a code, signed with the client's key. */
function stage_id_token( $code, $nonce ) {
	global $wpdb;
	$client = $wpdb->get_row(
		$wpdb->prepare(
			"SELECT * FROM {$wpdb->base_prefix}moos_oauth_clients c JOIN {$wpdb->base_prefix}moos_oauth_public_keys k USING (client_id) WHERE client_id = %s",
			$code['client_id']
		)
	);
	$header = array(
		'typ' => 'JWT',
		'alg' => $client->encryption_algorithm,
		'kid' => $client->client_id,
	);
	$claims = array(
		'iss'       => home_url( get_option( 'permalink_structure' ) ? '/wp-json' : '/?rest_route=' ) . '/moserver/' . $client->client_id,
		'sub'       => (string) $code['user_id'],
		'aud'       => $client->client_id,
		'iat'       => time(),
		'exp'       => time() + 3600,
		'auth_time' => time(),
	) + array_filter( array( 'nonce' => $nonce ) );
	$signed = stage_base64url( wp_json_encode( $header ) ) . '.' . stage_base64url( wp_json_encode( $claims ) );
	if ( 'RS256' === $client->encryption_algorithm ) {
		openssl_sign( $signed, $signature, $client->private_key, OPENSSL_ALGO_SHA256 );
	} else {
		$signature = hash_hmac( 'sha256', $signed, stage_read_secret( $client->client_secret, $client->client_name ), true );
	}
	return $signed . '.' . stage_base64url( $signature );
}

function stage_base64url( $bytes ) {
	return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
}
