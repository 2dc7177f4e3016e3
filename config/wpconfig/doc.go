// Package wpconfig reads the database settings out of a wp-config.php.
//
// The file is read, never executed: a small PHP lexer, parser and evaluator of
// constant expressions follow it as far as a configuration file needs. What
// they cannot follow is a Problem if it could change one of the settings, and
// is passed over in silence if it could not.
//
// The environment that a wp-config.php asks for (getenv, $_ENV, $_SERVER, the
// getenv_docker of WordPress's official Docker image) is this program's own, so
// it must be started with the environment that PHP has.
package wpconfig
