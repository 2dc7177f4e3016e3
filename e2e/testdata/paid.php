<?php
// Stands for a WordPress with a paid edition of the plugin, as far as this server
// passes requests on to it: its token endpoint serves password and client_credentials,
// /authorize sends to the login, and all other routes tell what PHP was told.

$uri   = $_SERVER['REQUEST_URI'];
$route = preg_match( '~/moserver/([^?]*)~', urldecode( $_GET['rest_route'] ?? $uri ), $m ) ? rtrim( $m[1], '/' ) : '';
header( 'Cache-Control: no-cache, must-revalidate' );
header( 'Content-Type: application/json; charset=UTF-8' );

switch ( $route ) {
	case 'token':
		if ( 'GET' === $_SERVER['REQUEST_METHOD'] ) {
			http_response_code( 404 );
			echo json_encode( array( 'code' => 'rest_no_route' ) );
			break;
		}
		$given = str_starts_with( $_SERVER['CONTENT_TYPE'] ?? '', 'application/json' ) ? json_decode( file_get_contents( 'php://input' ), true ) : $_POST;
		if ( isset( $given['hang'] ) ) {
			sleep( 300 );
		}
		header( 'Access-Control-Allow-Origin: ' . ( $_SERVER['HTTP_ORIGIN'] ?? 'none' ) );
		echo json_encode( paid_token( $given ) );
		break;
	case 'authorize':
		setcookie( 'wordpress_test_cookie', 'WP Cookie check' );
		setcookie( 'second', '2', array( 'httponly' => true ) );
		header( 'Location: ' . ( isset( $_SERVER['HTTPS'] ) ? 'https://' : 'http://' ) . $_SERVER['HTTP_HOST'] . '/wp-login.php?redirect_to=' . urlencode( $uri ), true, 302 );
		break;
	case 'mcp': // the second piece is not there before the file is
		ini_set( 'zlib.output_compression', '0' );
		while ( ob_get_level() ) {
			ob_end_flush();
		}
		header( 'Content-Type: text/event-stream' );
		echo "data: one\n\n";
		flush();
		for ( $i = 0; $i < 1000 && ! file_exists( __DIR__ . '/go' ); $i++ ) {
			usleep( 20000 );
			clearstatcache();
		}
		echo "data: two\n\n";
		break;
	case 'hang':
		sleep( 300 );
		break;
	default:
		$told = array( 'body' => strlen( file_get_contents( 'php://input' ) ), 'namespaces' => array( 'oembed/1.0', 'moserver' ) );
		foreach ( array( 'REQUEST_METHOD', 'REQUEST_URI', 'HTTP_HOST', 'SERVER_NAME', 'SERVER_PORT', 'HTTPS', 'REMOTE_ADDR', 'HTTP_X_FORWARDED_HOST', 'HTTP_COOKIE', 'SCRIPT_NAME' ) as $name ) {
			$told[ $name ] = $_SERVER[ $name ] ?? '';
		}
		echo json_encode( $told );
}

/** The client is "paid", its secret "of the paid client", and the user alice. As PHP does, errors have status 200. */
function paid_token( $given ) {
	$id     = $_SERVER['PHP_AUTH_USER'] ?? $given['client_id'] ?? '';
	$secret = $_SERVER['PHP_AUTH_PW'] ?? $given['client_secret'] ?? '';
	if ( 'paid' !== $id || 'of the paid client' !== $secret ) {
		return array( 'error' => 'invalid_client', 'error_description' => 'The client credentials are invalid' );
	}
	if ( 'password' === $given['grant_type'] && ( 'alice' !== $given['username'] || 'wonder+land' !== $given['password'] ) ) {
		return array( 'error' => 'invalid_grant', 'error_description' => 'Invalid username and password combination' );
	}
	if ( ! in_array( $given['grant_type'], array( 'password', 'client_credentials' ), true ) ) {
		return array( 'error' => 'unsupported_grant_type' );
	}
	return array( 'access_token' => 'of PHP', 'grant' => $given['grant_type'], 'scope' => null, 'padding' => strlen( $given['padding'] ?? '' ) );
}
