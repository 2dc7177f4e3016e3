// Package wpdb knows WordPress's database, and is named after WordPress's own $wpdb:
// the tables and options of WordPress and of the miniOrange "WP OAuth Server" plugin,
// how they are written, and how MySQL and MariaDB behave with them. It is what the
// packages below it share: store serves requests, doctor looks for what is broken or
// could be better, migrate adds indexes, and tokens lists, revokes and purges.
package wpdb
