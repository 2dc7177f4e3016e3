package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The functions in this file make the parse function for a setting of a type. Its errors
// say what to write instead, but not what was written: it may be a misplaced password.

func text(target *string) func(string) error {
	return func(s string) error {
		*target = s
		return nil
	}
}

// choices are the possible values of a setting, as the error for any other.
type choices []string

// Error implements error.
func (c choices) Error() string { return "must be one of " + strings.Join(c, ", ") }

// name is a name of the database's own objects or users.
func name(target *string) func(string) error {
	return func(s string) error {
		if len(s) > 128 || strings.ContainsFunc(s, unicode.IsControl) {
			return errors.New("must be a name of at most 128 bytes, without line breaks")
		}
		*target = s
		return nil
	}
}

// tableName is a name that needs no quotes in a statement, which WordPress also requires
// of its prefix. With schema, the name of another database may precede it.
func tableName(target *string, schema bool) func(string) error {
	const word = `[0-9A-Za-z_$-]{1,64}`
	form := regexp.MustCompile(`^` + word + `$`)
	if schema {
		form = regexp.MustCompile(`^(` + word + `\.)?` + word + `$`)
	}
	return func(s string) error {
		if !form.MatchString(s) {
			return errors.New("must be letters, digits and underscores")
		}
		*target = s
		return nil
	}
}

func choice(target *string, values ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(values, s) {
			return choices(values)
		}
		*target = s
		return nil
	}
}

// trueOrFalse also takes what the setting was when it was a boolean.
func trueOrFalse(parse func(string) error, whenTrue, whenFalse string) func(string) error {
	return func(s string) error {
		if old, err := strconv.ParseBool(s); err == nil && old {
			s = whenTrue
		} else if err == nil {
			s = whenFalse
		}
		return parse(s)
	}
}

func boolean(target *bool) func(string) error {
	return func(s string) (err error) {
		if *target, err = strconv.ParseBool(s); err != nil {
			return choices{"true", "false"}
		}
		return nil
	}
}

func number(target *int, lowest, highest int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < lowest || n > highest {
			return fmt.Errorf("must be a whole number from %d to %d", lowest, highest)
		}
		*target = n
		return nil
	}
}

func duration(target *time.Duration, lowest, highest time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < lowest || d > highest {
			return fmt.Errorf("must be a time from %s to %s, such as 20s or 1m30s", lowest, highest)
		}
		*target = d
		return nil
	}
}

// span is a duration that may be given in days. 0 is allowed whatever lowest is.
func span(target *time.Duration, lowest, highest time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if days, found := strings.CutSuffix(s, "d"); found {
			var n int
			n, err = strconv.Atoi(days)
			d = time.Duration(min(n, 1_000_000)) * 24 * time.Hour // more would not fit
		}
		if err != nil || d != 0 && (d < lowest || d > highest) {
			return fmt.Errorf("must be 0, or a time from %s to %.0fd, such as 7d or 36h", lowest, highest.Hours()/24)
		}
		*target = d
		return nil
	}
}

func fileMode(target *fs.FileMode) func(string) error {
	return func(s string) error {
		mode, err := strconv.ParseUint(s, 8, 32)
		if err != nil || mode > 0o777 {
			return errors.New("must be octal permissions, such as 0660")
		}
		*target = fs.FileMode(mode)
		return nil
	}
}

func logLevel(target *slog.Level) func(string) error {
	return func(s string) error {
		if err := target.UnmarshalText([]byte(s)); err != nil {
			return choices{"debug", "info", "warn", "error"}
		}
		return nil
	}
}

// Endpoint is an address of listen, metrics_listen or php_upstream as package net takes it.
func Endpoint(setting string) (network, address string) {
	if path, isUnix := strings.CutPrefix(setting, "unix:"); isUnix {
		return "unix", path
	}
	return "tcp", strings.TrimPrefix(setting, "http://")
}

func listenAddress(target *string) func(string) error {
	return func(s string) error {
		switch network, path := Endpoint(s); {
		case network == "unix" && !filepath.IsAbs(path):
			return errors.New("must be unix: and a path that begins with /")
		case network == "tcp" && !isHostPort(s):
			return errors.New("must be host:port, such as 127.0.0.1:8089, or unix:/run/moserver/token.sock")
		}
		*target = s
		return nil
	}
}

// upstreamAddress is where another server listens.
func upstreamAddress(target *string) func(string) error {
	return func(s string) error {
		network, address := Endpoint(s)
		host, _, _ := net.SplitHostPort(address)
		isHTTP := strings.HasPrefix(s, "http://") && host != "" && isHostPort(address)
		if network == "unix" && !filepath.IsAbs(address) || network == "tcp" && !isHTTP {
			return errors.New("must be http://host:port, such as http://127.0.0.1:8088, or unix:/run/moserver/php.sock")
		}
		*target = s
		return nil
	}
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	_, notANumber := strconv.ParseUint(port, 10, 16)
	return err == nil && notANumber == nil && regexp.MustCompile(`^[0-9A-Za-z._:%-]*$`).MatchString(host)
}

func webAddress(target *string) func(string) error {
	return func(s string) error {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return errors.New("must be an address such as https://example.com or https://example.com/blog")
		}
		*target = s
		return nil
	}
}

func networks(target *[]netip.Prefix) func(string) error {
	return func(s string) error {
		var prefixes []netip.Prefix
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
			prefix, err := parseNetwork(part)
			if err != nil {
				return errors.New("must be networks or addresses with commas between them, such as 10.0.0.0/8, ::1")
			}
			prefixes = append(prefixes, prefix)
		}
		*target = prefixes
		return nil
	}
}

// parseNetwork also takes a single address as a network.
func parseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		address, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}
