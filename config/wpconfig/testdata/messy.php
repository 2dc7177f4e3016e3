<html><!-- not code: define('DB_NAME', 'html') -->
<?PHP
namespace { // one block
	#define('DB_NAME', 'comment');
	//define('DB_NAME', 'comment'); ?> <?php
	DEFINE /* the name */ ( "DB_" . /* of */ 'NAME' , <<<NAME
		my_{$nothing}db
		NAME . '' ?: 'x', true);
}
?>
text between
<?= 'echoed' ?>
<?php
if (true): ?>
	<?php const DB_USER = 'a' . 'b', OTHER = 1 ?>
<?php elseif (false): define('DB_USER', 'no');
else:
	die;
endif;
$db_password = 'x'; $db_password .= 'y"$z\n';
\define('DB_PASSWORD', $db_password);
defined('DB_PASSWORD') or define('DB_PASSWORD', 'second');
defined("DB_HOST") || define("DB_HOST", (string) ($port = null) ?: ('db' . ':' . 3306));
if (!defined('DB_CHARSET')) define('DB_CHARSET', DIRECTORY_SEPARATOR == "/" && !empty(OTHER) ? strtolower(trim(' UTF8 ')) : null);
$databases = array('default' => array('prefix' => 'old_', 5 => ['p' => 'new_']), $db_password);
$GLOBALS['table_prefix'] = $table_prefix = 'first_';
$GLOBALS['table_prefix'] = "$databases[default]" ? 'x_' : 'y_';
$table_prefix = $databases['default'][5]['p'];
foreach (array('A', 'B') as $name) { define($name, 1); }
do { $i++; } while ($i < 10);
try { ini_set('memory_limit', '1G'); } catch (\Throwable | Exception $e) { exit(1); } finally { echo `ls`; }
class Helper { const DB_HOST = 'class'; static function f() { return fn($x) => match(true) { default => $x }; } }
$o = new class('x') { public $y = 1; };
$f = static function () use (&$o): ?string { define('WP_DEBUG', true); return null; };
__halt_compiler(); define('DB_NAME', 'data');
