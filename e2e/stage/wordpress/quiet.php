<?php
// Keeps this WordPress to itself: it sends no mail and asks no other server.
function wp_mail() {
	return true;
}
add_filter( 'pre_http_request', fn() => new WP_Error( 'stage', 'There is no other server.' ) );
