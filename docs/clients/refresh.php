<?php
// Refreshes an access token, uses it, revokes the refresh token, and sees that it
// is refused from then on. Needs PHP's curl extension.
//
//   SITE=https://example.com CLIENT_ID=… CLIENT_SECRET=… REFRESH_TOKEN=… php refresh.php

/** Sends a request; returns its status and the JSON of its body. */
function send( $path, $headers, $parameters = null ) {
	$curl = curl_init( getenv( 'SITE' ) . '/wp-json/moserver/' . $path );
	curl_setopt( $curl, CURLOPT_HTTPHEADER, $headers );
	curl_setopt( $curl, CURLOPT_RETURNTRANSFER, true );
	curl_setopt( $curl, CURLOPT_TIMEOUT, 45 ); // a database that is away may keep an answer waiting
	if ( $parameters !== null ) {
		curl_setopt( $curl, CURLOPT_POST, true );
		curl_setopt( $curl, CURLOPT_POSTFIELDS, http_build_query( $parameters ) );
	}
	$body = curl_exec( $curl );
	if ( $body === false ) {
		later( 'no answer (' . curl_error( $curl ) . ')' );
	}
	$status = curl_getinfo( $curl, CURLINFO_RESPONSE_CODE );
	if ( $status === 429 || $status >= 500 ) {
		later( "status $status" );
	}
	return array( $status, json_decode( $body ) );
}

/** Sends parameters to the token endpoint, with the credentials in the header. */
function post( $parameters ) {
	$authorization = base64_encode( getenv( 'CLIENT_ID' ) . ':' . getenv( 'CLIENT_SECRET' ) );
	$headers = array( "Authorization: Basic $authorization", 'Content-Type: application/x-www-form-urlencoded' );
	return send( 'token', $headers, $parameters );
}

function later( $what ) {
	fail( "$what says nothing of the token: keep it, and try again later", 75 );
}

function fail( $message, $exit_status = 1 ) {
	fwrite( STDERR, "$message\n" );
	exit( $exit_status );
}

list( $status, $token ) = post( array(
	'grant_type'    => 'refresh_token',
	// Older clients send these two along. The server ignores them; leave them out of new code.
	'username'      => getenv( 'WP_USERNAME' ) ?: null,
	'password'      => getenv( 'WP_PASSWORD' ) ?: null,
	'refresh_token' => getenv( 'REFRESH_TOKEN' ),
) );
if ( $status !== 200 ) {
	fail( "not refreshed: status $status, {$token->error} {$token->error_description}" );
}
echo "refreshed: an access token for {$token->expires_in} seconds\n";

// The answer always has the refresh token to use next time: the same one, or the
// one that replaces it.
$refresh_token = $token->refresh_token;

list( $status, $user ) = send( 'resource', array( "Authorization: Bearer {$token->access_token}" ) );
if ( $status !== 200 ) {
	fail( "the access token is not accepted: status $status" );
}
echo "resource: {$user->username}\n";

list( $status ) = post( array( 'grant_type' => 'revoke_token', 'token' => $refresh_token ) );
if ( $status !== 200 ) {
	fail( "not revoked: status $status" );
}
echo "revoked\n";

list( $status, $answer ) = post( array( 'grant_type' => 'refresh_token', 'refresh_token' => $refresh_token ) );
if ( $status !== 400 ) {
	fail( "a revoked token was not refused: status $status" );
}
echo "refused: {$answer->error}\n";
