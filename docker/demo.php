<?php
// Of the service "demo", run by WP-CLI: a client without a secret and a refresh token for
// the first user, in the plugin's tables, and then the first request to the address that
// $args has. The sidecar starts within a minute after the plugin has made its tables.

global $wpdb;
$tables  = $wpdb->base_prefix . 'moos_oauth_';
$refresh = bin2hex( random_bytes( 16 ) );
$client  = array( 'client_id' => 'demo' );
$wpdb->delete( $tables . 'clients', $client );
$done = $wpdb->insert( $tables . 'clients', $client + array( 'client_name' => 'Demo', 'client_secret' => '', 'redirect_uri' => home_url( '/' ), 'active_oauth_server_id' => 1 ) )
	&& $wpdb->insert( $tables . 'refresh_tokens', $client + array( 'refresh_token' => $refresh, 'user_id' => 1, 'expires' => gmdate( 'Y-m-d H:i:s', time() + DAY_IN_SECONDS ), 'scope' => 'profile email' ) );
if ( ! $done ) {
	fwrite( STDERR, "The plugin's tables are not there. Is it active at " . admin_url( 'plugins.php' ) . "?\n" );
	exit( 1 );
}

for ( $try = 0; $try < 40; $try++ ) {
	$form   = $client + array( 'grant_type' => 'refresh_token', 'refresh_token' => $refresh );
	$answer = wp_remote_post( $args[0], array( 'body' => $form, 'timeout' => 30 ) );
	$tokens = json_decode( wp_remote_retrieve_body( $answer ), true );
	if ( isset( $tokens['refresh_token'] ) ) {
		echo wp_remote_retrieve_body( $answer ), "\nTokens come. Ask for the next:\n",
			'curl ', home_url( '/wp-json/moserver/token' ), " -d grant_type=refresh_token -d client_id=demo -d refresh_token={$tokens['refresh_token']}\n";
		return;
	}
	sleep( 3 );
}
fwrite( STDERR, "No token came. Look at: docker compose logs sidecar\n" );
exit( 1 );
