package wpdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// The options of the plugin that the token endpoint obeys.
const (
	optionMasterSwitch     = "mo_oauth_server_master_switch"
	OptionAccessLifetime   = "mo_oauth_expiry_time"
	OptionRefreshLifetime  = "mo_oauth_refresh_expiry_time"
	optionTokenLength      = "mo_oauth_server_token_length"
	OptionSecretsEncrypted = "mo_oauth_server_is_client_secret_encrypted"
	OptionOpenID           = "mo_oauth_server_enable_oidc"
	OptionIDToken          = "mo_oauth_server_current_id_token"
)

// The options of WordPress that the issuer is made of.
const (
	OptionHome       = "home"
	OptionPermalinks = "permalink_structure"
)

// Where WordPress lists the active plugins: of a blog, and of all blogs of a network.
const (
	OptionActivePlugins = "active_plugins"
	MetaActivePlugins   = "active_sitewide_plugins"
)

// OptionSiteURL is in every WordPress: without it WordPress offers to be installed.
const OptionSiteURL = "siteurl"

// What the plugin does when an option is not set. Refresh tokens then never expire
// here, as the plugin's documentation says.
const (
	defaultAccessLifetime = time.Hour
	minTokenLength        = 32
	maxTokenLength        = 127
	// maxLifetime keeps an absurd setting within what a duration can hold; no
	// column holds a date that far away.
	maxLifetime = 100 * 365 * 24 * time.Hour
)

// Options are values by the names of their options.
type Options map[string]string

// Text is the value of an option, empty if it is not set.
func (o Options) Text(name string) string { return o[name] }

// values are options, or a row that has them.
type values interface{ Text(name string) string }

// OptionList is the names of the options that every request is judged by.
func OptionList() []string {
	return []string{
		optionMasterSwitch, OptionAccessLifetime, OptionRefreshLifetime,
		optionTokenLength, OptionSecretsEncrypted,
	}
}

// SiteOf reads the options as the plugin does: only the exact word 'off' switches it
// off, and an empty number or "0" counts as unset. Here so does anything else that
// is not a positive number, on which the plugin fails.
func SiteOf(options values) oauth.Site {
	length, _ := strconv.Atoi(strings.TrimSpace(options.Text(optionTokenLength)))
	return oauth.Site{
		SwitchedOff:          options.Text(optionMasterSwitch) == "off",
		Deactivated:          options.Text(ColInactive) == "1",
		AccessTokenLifetime:  lifetime(options.Text(OptionAccessLifetime), defaultAccessLifetime),
		RefreshTokenLifetime: lifetime(options.Text(OptionRefreshLifetime), 0),
		TokenLength:          min(max(length, minTokenLength), maxTokenLength),
	}
}

// OpenIDOff reads the option as the plugin does: only 'on' or nothing leaves
// OpenID Connect on.
func OpenIDOff(value string) bool { return !PHPFalse(value) && value != "on" }

// IssuerOf is the issuer in the plugin's ID tokens, the address of its routes, which
// is a parameter without pretty permalinks. It is empty if the site has no address.
func IssuerOf(home, permalinks string) string {
	home = strings.TrimRight(home, "/")
	if home == "" {
		return ""
	}
	if PHPFalse(permalinks) {
		return home + "/?rest_route=/moserver"
	}
	return home + "/wp-json/moserver"
}

// PHPFalse reports whether an option's value is false to PHP.
func PHPFalse(value string) bool { return value == "" || value == "0" }

// lifetime is a number of seconds; PHP takes one with a fraction too.
func lifetime(value string, unset time.Duration) time.Duration {
	if value == "" { // as on most sites
		return unset
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(seconds >= 1) || math.IsInf(seconds, 1) { // ParseFloat reads "inf" and "nan"
		return unset
	}
	return time.Duration(min(seconds, maxLifetime.Seconds())) * time.Second
}

// Inactive is a condition on the value of active_plugins of a blog: neither that list
// nor the network's names the plugin. It is NULL where the blog has no list. MySQL 8
// needs the character set of the literals where the connection's is binary.
func (t Tables) Inactive(list string, blog int64) string {
	if t.Plugin == "" {
		return "FALSE"
	}
	condition := list + " NOT REGEXP _utf8mb4'" + t.Plugin + "'"
	if t.Sitemeta != "" {
		condition += fmt.Sprintf(" AND NOT EXISTS (SELECT 1 FROM `%s` AS m JOIN `%s` AS b ON b.site_id = m.site_id "+
			"WHERE b.blog_id = %d AND m.meta_key = '%s' AND m.meta_value REGEXP _utf8mb4'%s')",
			t.Sitemeta, t.Blogs, blog, MetaActivePlugins, t.Plugin)
	}
	return condition
}

// OptionsStatement reads the names and values of a blog's options, and as
// ColInactive whether the plugin is inactive there.
func (db *DB) OptionsStatement(blog int64) string {
	table := db.Config.BlogOptions(blog)
	return "SELECT option_name, option_value FROM `" + table + "` WHERE option_name IN ('" + strings.Join(OptionList(), "', '") + "')" +
		" UNION ALL SELECT '" + ColInactive + "', '1' FROM `" + table + "` WHERE option_name = '" +
		OptionActivePlugins + "' AND " + db.Tables.Inactive("option_value", blog)
}
