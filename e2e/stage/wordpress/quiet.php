<?php
// Keeps this WordPress to itself: it sends no mail and asks no server but itself.
function wp_mail() {
	return true;
}
add_filter( 'pre_http_request', fn( $answer, $args, $url ) => ! wp_installing() && str_starts_with( $url, home_url( '/' ) ) ? $answer : new WP_Error( 'stage', 'There is no other server.' ), 10, 3 );
