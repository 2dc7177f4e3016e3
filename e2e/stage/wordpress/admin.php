<?php
// What people do in WordPress that the token endpoint must follow: each function
// of Stage_Admin is a route, POST stage/<name>. What the plugin would do with its
// tables is done here by PHP of our own, marked "as ...".

class Stage_Admin {

	/** As an activated plugin on a network: a second blog, in a folder. */
	public static function create_blog( $args ) {
		// WordPress would drop the colon before the port of the domain.
		add_filter( 'sanitize_user', fn( $clean, $raw ) => $raw, 10, 2 );
		$id = wpmu_create_blog( get_network()->domain, $args['path'], 'Two', 1 );
		if ( is_wp_error( $id ) ) {
			return $id;
		}
		update_blog_option( $id, 'mo_oauth_server_is_client_secret_encrypted', '1' );
		update_blog_option( $id, 'active_plugins', array( 'miniorange-oauth-20-server/mo_oauth_settings.php' ) );
		update_blog_option( $id, 'permalink_structure', get_option( 'permalink_structure' ) );
		delete_blog_option( $id, 'rewrite_rules' ); // made of the main blog's; the next request makes the right ones
		return $id;
	}

	/** WordPress's own: with all tables of the blog. */
	public static function delete_blog( $args ) {
		require_once ABSPATH . 'wp-admin/includes/ms.php';
		wpmu_delete_blog( $args['blog'], true );
	}

	/** WordPress's own. */
	public static function add_user( $args ) {
		return wp_insert_user(
			array(
				'user_login' => $args['login'],
				'user_email' => $args['login'] . '@example.com',
				'user_pass'  => 'the password of ' . $args['login'],
				'role'       => 'subscriber',
			)
		);
	}

	/** WordPress's own: on a network the user goes from all of it. */
	public static function delete_user( $args ) {
		require_once ABSPATH . 'wp-admin/includes/user.php';
		require_once ABSPATH . 'wp-admin/includes/ms.php';
		return is_multisite() ? wpmu_delete_user( $args['user'] ) : wp_delete_user( $args['user'] );
	}

	/** WordPress's own: makes a user a member of this blog. */
	public static function add_to_blog( $args ) {
		return add_user_to_blog( get_current_blog_id(), $args['user'], 'subscriber' );
	}

	/** WordPress's own: takes a user from this blog. */
	public static function remove_from_blog( $args ) {
		return remove_user_from_blog( $args['user'], get_current_blog_id() );
	}

	/** As the settings pages of wp-admin. */
	public static function set_option( $args ) {
		return update_option( $args['name'], $args['value'] );
	}

	/** As those pages, back to what is so at first. */
	public static function delete_option( $args ) {
		return delete_option( $args['name'] );
	}

	/** As "Add client": a new id, secret and key. */
	public static function add_client( $args ) {
		$client = array(
			'Name'     => $args['name'],
			'ID'       => wp_generate_password( 32, false ),
			'Secret'   => wp_generate_password( 32, false ),
			'Redirect' => $args['redirect_uri'],
			'Alg'      => $args['algorithm'] ? $args['algorithm'] : 'RS256',
		);
		stage_insert_client( $client['Name'], $client['ID'], $client['Secret'], $client['Redirect'], $client['Alg'] );
		return $client;
	}

	/** As "Edit client": its redirect URI. */
	public static function set_redirect_uri( $args ) {
		global $wpdb;
		return $wpdb->update(
			$wpdb->base_prefix . 'moos_oauth_clients',
			array( 'redirect_uri' => $args['redirect_uri'] ),
			array( 'client_id' => $args['client_id'] )
		);
	}

	/** As a new secret: what is stored is no plain text. */
	public static function set_secret( $args ) {
		global $wpdb;
		return $wpdb->update(
			$wpdb->base_prefix . 'moos_oauth_clients',
			array( 'client_secret' => stage_store_secret( $args['secret'], $args['name'] ) ),
			array( 'client_id' => $args['client_id'] )
		);
	}

	/** As "JWT settings": another algorithm brings another key. */
	public static function set_algorithm( $args ) {
		global $wpdb;
		$stored = $wpdb->get_var( $wpdb->prepare( "SELECT client_secret FROM {$wpdb->base_prefix}moos_oauth_clients WHERE client_id = %s", $args['client_id'] ) );
		return $wpdb->update(
			$wpdb->base_prefix . 'moos_oauth_public_keys',
			stage_new_key( $args['algorithm'], $stored ),
			array( 'client_id' => $args['client_id'] )
		);
	}

	/** As "Delete client": its codes and tokens stay. */
	public static function delete_client( $args ) {
		global $wpdb;
		$wpdb->delete( $wpdb->base_prefix . 'moos_oauth_public_keys', array( 'client_id' => $args['client_id'] ) );
		return $wpdb->delete(
			$wpdb->base_prefix . 'moos_oauth_clients',
			array(
				'client_name'            => $args['name'],
				'active_oauth_server_id' => get_current_blog_id(),
			)
		);
	}

	/** As /authorize, after the login: a code for 30 seconds. A test may choose it. */
	public static function authorize( $args ) {
		global $wpdb;
		$code = $args['code'] ? $args['code'] : substr( bin2hex( random_bytes( 32 ) ), 0, 40 );
		$row  = array(
			'authorization_code' => $code,
			'client_id'          => $args['client_id'],
			'user_id'            => $args['user'],
			'redirect_uri'       => $args['redirect_uri'],
			'expires'            => gmdate( 'Y-m-d H:i:s', time() + 30 ),
			'scope'              => $args['scope'],
		);
		if ( stage_openid() ) {
			$whole = in_array( 'openid', explode( ' ', $args['scope'] ), true ) ? stage_id_token( $row, $args['nonce'] ?? '' ) : '';
			// The row has what fits; the whole is in one option for all.
			$row['id_token'] = substr( $whole, 0, 255 );
			update_option( 'mo_oauth_server_current_id_token', $whole, false );
		}
		$wpdb->insert( $wpdb->base_prefix . 'moos_oauth_authorization_codes', $row );
		return $code;
	}
}

add_action(
	'rest_api_init',
	function () {
		foreach ( get_class_methods( 'Stage_Admin' ) as $name ) {
			register_rest_route(
				'stage',
				'/' . $name,
				array(
					'methods'             => 'POST',
					'permission_callback' => '__return_true',
					'callback'            => fn( $request ) => rest_ensure_response( Stage_Admin::$name( $request->get_json_params() ) ),
				)
			);
		}
	}
);
