package wpconfig

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestIncludes(t *testing.T) {
	rest := complete[5:]
	tests := map[string]struct {
		src   string
		files map[string]string
		want  []string
	}{
		"missing require":           {"<?php\nrequire '/none.php';" + rest, nil, []string{"wp-config.php:2: includes /none.php, which cannot be read: there is no such file; correct the path"}},
		"unreadable require":        {"<?php\nrequire '/x.php';" + rest, map[string]string{"/x.php": "unreadable"}, []string{":2: includes /x.php, which cannot be read: permission denied"}},
		"missing include":           {"<?php include '/none.php'; @include_once 'none.php'; if (foo()) require '/none.php';" + rest, nil, nil},
		"unreadable include":        {"<?php include '/x.php';" + rest, map[string]string{"/x.php": "unreadable"}, nil},
		"unreadable include counts": {"<?php\ninclude '/x.php';", map[string]string{"/x.php": "unreadable"}, []string{":2: includes /x.php, which cannot be read: permission denied"}},
		"other directory":           {"<?php require ABSPATH . 'x.php';" + rest, nil, nil},
		"defined directory":         {"<?php define('ABSPATH', '/wp/'); require ABSPATH . 'x.php';", map[string]string{"/wp/x.php": complete}, nil},
		"guarded directory":         {"<?php defined('ABSPATH') or define('ABSPATH', '/wp/'); require ABSPATH . 'x.php';", map[string]string{"/wp/x.php": complete}, nil},
		"cycle":                     {"<?php require __FILE__; require 'x.php';" + rest, map[string]string{"/srv/www/x.php": "<?php require 'wp-config.php'; require __DIR__ . '/x.php';"}, nil},
		"once":                      {"<?php require_once 'x.php'; $table_prefix = 'y'; require_once 'x.php'; if ($table_prefix != 'y') define('DB_HOST', foo());" + rest, map[string]string{"/srv/www/x.php": "<?php $table_prefix = 'x';"}, nil},
		"unknown path":              {"<?php\nrequire foo() . '.php';", nil, []string{":2: includes a file whose path this program cannot evaluate (it comes from a call of foo(), which"}},
		"address":                   {"<?php require 'http://x/y';" + rest, nil, nil},
		"settings in a branch":      {"<?php if (foo()) require 'wp-settings.php';" + rest, nil, nil},
		"settings ends included":    {"<?php require 'x.php'; define('MULTISITE', foo());", map[string]string{"/srv/www/x.php": complete + "require ABSPATH . WPINC . '/../wp-settings.php';"}, nil},
		"syntax":                    {"<?php require 'x.php';" + rest, map[string]string{"/srv/www/x.php": "<?php\nfoo(;"}, []string{"/srv/www/x.php:2: the bracket ( is never closed"}},
		"branch":                    {"<?php if (foo()) require 'x.php';" + rest, map[string]string{"/srv/www/x.php": "<?php\ndefine('DB_NAME', 'x');"}, []string{"/srv/www/x.php:2: DB_NAME is set under a condition that this program cannot evaluate (line 1: a call of foo()"}},
		"no PHP":                    {"<?php require 'x.php';" + rest, map[string]string{"/srv/www/x.php": "define('DB_NAME', foo());"}, nil},
		"too deep":                  {"<?php include '/1'; ", map[string]string{"/1": "<?php include '/2';", "/2": "<?php include '/3';", "/3": "<?php include '/4';", "/4": "<?php include '/5';", "/5": "<?php\ninclude '/6';", "/6": complete}, []string{"/5:2: includes /6, which is too deep"}},
		"deep":                      {"<?php include '/1'; ", map[string]string{"/1": "<?php include '/2';", "/2": "<?php include '/3';", "/3": "<?php include '/4';", "/4": "<?php include '/5';", "/5": complete}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{mainPath: test.src}
			for path, src := range test.files {
				files[path] = src
			}
			_, problems := Read(mainPath, environment(files, nil))
			checkProblems(t, problems, test.want)
		})
	}
}

func TestFoundPositions(t *testing.T) {
	files := map[string]string{mainPath: "<?php\nrequire 'db.php';\n$table_prefix = 'a_';\n\n$table_prefix = 'b_';", "/srv/www/db.php": complete + "\n\ndefine('SUNRISE', 1);"}
	config, problems := Read(mainPath, environment(files, nil))
	checkProblems(t, problems, nil)
	for name, want := range map[string]Position{
		DBName: {"/srv/www/db.php", 1}, TablePrefix: {mainPath, 5}, Sunrise: {"/srv/www/db.php", 3}, DBCharset: {}, Multisite: {},
	} {
		if got := config.Found[name]; got != want {
			t.Errorf("%s found at %v, want %v", name, got, want)
		}
	}
	if !config.Multisite {
		t.Error("SUNRISE makes no multisite")
	}
}

// TestOperatingSystem reads real files through a symbolic link, which __DIR__
// resolves.
func TestOperatingSystem(t *testing.T) {
	dir, site := t.TempDir(), t.TempDir()
	for name, src := range map[string]string{"wp-config.php": "<?php require __DIR__ . '/db.php'; include __DIR__;", "db.php": complete} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(site, "wp-config.php")
	if err := os.Symlink(filepath.Join(dir, "wp-config.php"), link); err != nil {
		t.Fatal(err)
	}
	config, problems := Read(link, Env{})
	checkProblems(t, problems, nil)
	if config.DBName != "n" {
		t.Errorf("DB_NAME is %q", config.DBName)
	}
	_, problems = Read(filepath.Join(site, "none.php"), Env{})
	checkProblems(t, problems, []string{"none.php: cannot be read: there is no such file; check the path"})
	_, problems = Read(dir, Env{})
	checkProblems(t, problems, []string{"cannot be read: it is not a regular file, or reading it failed; check the path"})
}

// TestHostileFiles: the work for a file that repeats one thing grows as the file
// does. It counts this process's processor time, which a busy machine hardly changes. If
// it grew with the square of the length, the longer file would take 64 times as much
// as the shorter one.
func TestHostileFiles(t *testing.T) {
	for name, piece := range map[string]string{
		"not": "!", "concatenations": "'a'.", "doubling": "$a=$a.$a.'x';", "appending": "$a.='xxxxxxxxxxxxxxxx';",
		"arrays": "$a[]=$a['x'.$i]=1;", "lists": "$a=[$a,$a];", "ifs": "if(1)", "else ifs": "if(foo()){}else ", "assignments": "$a=",
		"ternaries": "1?2:", "casts": "(int)", "calls": "f()", "indices": "[0]", "strings": "\"{$a}$b\".", "nested strings": "\"{$a",
		"heredocs": "<<<A\n", "comments": "/**/", "tags": "?><?php ", "open tags": "<?", "unknown": "$$a $b;", "includes": "include 'i'.foo();require 'x';",
		"labels": "a:", "defines": "foo()&&define('DB_NAME','x');", "brackets": "([{}])", "putenv": "putenv('a=b');", "evals": "eval('1;');",
		"prefixes": "$table_prefix=foo();", "passwords": "$key_=1;require 'x';", "closures": "function(){};", "arrows": "fn()=>",
	} {
		t.Run(name, func(t *testing.T) {
			const length, times = maxFile / 64, 8
			read := func(length int) time.Duration {
				src := "<?php $a='x'; $x=" + strings.Repeat(piece, length/len(piece))
				before := processorTime(t)
				if _, problems := readSource(src); len(problems) == 0 {
					t.Error("no Problem")
				}
				return processorTime(t) - before
			}
			short, long := 5*time.Millisecond, time.Duration(0) // at the least, else what the collector of garbage does counts
			for range 3 {
				short, long = max(short, read(length)), read(times*length)
				if long <= 3*times*short {
					t.Logf("took %v, and %v for %d times the length", short, long, times)
					return
				}
			}
			t.Errorf("took %v, and %v for %d times the length", short, long, times)
		})
	}
}

// processorTime is what this process has taken of the processor until now.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestBlockingFiles: neither a FIFO, nor a device, nor a file of the kernel's
// that waits for a message holds the reading up.
func TestBlockingFiles(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(t.TempDir(), "wp-config.php")
	for _, name := range []string{fifo, "/dev/zero", "/dev/tty", "/proc/kmsg"} {
		src := "<?php include '" + name + "';" + complete[5:]
		if err := os.WriteFile(main, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan []Problem, 1)
		go func() {
			_, problems := Read(main, Env{})
			done <- problems
		}()
		select {
		case problems := <-done:
			checkProblems(t, problems, nil)
		case <-time.After(10 * time.Second):
			t.Errorf("%s blocks", name)
		}
	}
}
