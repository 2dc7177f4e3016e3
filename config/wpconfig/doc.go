// Package wpconfig reads the database settings out of a wp-config.php.
//
// The file is read, never executed: it is lexed, and evaluated while it is parsed,
// as far as a configuration file needs. Whatever this package does not understand is
// a Problem if it could change one of the settings, and ignored if it could not.
//
// The environment that a wp-config.php asks for (getenv, $_ENV, $_SERVER) is this
// program's own, so start it with the environment that PHP has.
package wpconfig
