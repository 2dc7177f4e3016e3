# Makes a WordPress in /var/www/html, as most people have it, from Debian's package, with
# the plugin's tables: the plugin itself is not Debian's to give. Then nginx serves it.
mariadb -e 'CREATE DATABASE wordpress; CREATE USER wp@localhost IDENTIFIED BY "secret"; GRANT ALL ON *.* TO wp@localhost'
cp -rL /usr/share/wordpress/. /var/www/html/
cat >/var/www/html/wp-config.php <<'PHP'
<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'wp' );
define( 'DB_PASSWORD', 'secret' );
define( 'DB_HOST', 'localhost' );
define( 'WP_HOME', 'http://localhost' );
define( 'WP_SITEURL', 'http://localhost' );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
PHP
chown root:www-data /var/www/html/wp-config.php
chmod 640 /var/www/html/wp-config.php
cd /var/www/html
echo '<?php define( "WP_INSTALLING", true ); require "wp-load.php"; require "wp-admin/includes/upgrade.php"; wp_install( "Site", "admin", "a@example.com", false, "", "p" );' | php >/dev/null
cat >/etc/nginx/sites-available/default <<'NGINX'
server {
	listen 80;
	server_name localhost;
	root /var/www/html;
	index index.php;
	location / { try_files $uri $uri/ /index.php?$args; }
	location ~ \.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/php-fpm.sock; }
}
# Debian's own file ends like this.
#server {
#	server_name example.com;
#}
NGINX
systemctl reload nginx
