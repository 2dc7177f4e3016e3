// Package wpdb knows WordPress's database: the tables and options of the
// miniOrange "WP OAuth Server" plugin, how they are written, and how MySQL and
// MariaDB behave with them. Its Store implements oauth.Store on these tables
// as they are; it needs no table, column or index of its own, and uses those that
// Migrate adds where they are.
package wpdb
