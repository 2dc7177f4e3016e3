package wpdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// These stand in a statement for the options table of the client's blog, and for
// its number.
const (
	BlogTable  = "{options}"
	BlogNumber = "{blog}"
)

// OfBlog puts the options table of a blog into a statement.
func OfBlog(statement, table string) string {
	return strings.ReplaceAll(statement, BlogTable, table)
}

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

// OptionSiteURL is there in each WordPress, which takes itself for not installed
// without it.
const OptionSiteURL = "siteurl"

// What the plugin does when an option is not set, but for the lifetime of
// refresh tokens: its documentation says that they never expire, and that
// counts here.
const (
	defaultAccessLifetime = time.Hour
	minTokenLength        = 32
	maxTokenLength        = 127
	// maxLifetime keeps an absurd setting within what a duration can hold; no
	// column holds a date that far away.
	maxLifetime = 100 * 365 * 24 * time.Hour
)

// OptionList is the names of the options that every request is judged by.
func OptionList() []string {
	return []string{
		optionMasterSwitch, OptionAccessLifetime, OptionRefreshLifetime,
		optionTokenLength, OptionSecretsEncrypted,
	}
}

// OptionNames is the list for an IN clause.
func OptionNames() string { return "'" + strings.Join(OptionList(), "', '") + "'" }

// OptionColumns selects the value of each option of optionTables as a column of
// its own name, and whether the plugin is inactive on the main blog. The list that
// tells so stays with the server.
func (t Tables) OptionColumns(names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ",\n  %s AS `%s`", t.Inactive("a.option_value", "1"), ColInactive)
	for i, name := range names {
		fmt.Fprintf(&b, ",\n  p%d.option_value AS `%s`", i, name)
	}
	return b.String()
}

// SiteOf reads the options as the plugin does: only the very word 'off' switches
// it off, and of the numbers an empty string and "0" count as unset. So does
// here whatever is no positive number, on which the plugin fails.
func SiteOf(options map[string]string) oauth.Site {
	length, _ := strconv.Atoi(strings.TrimSpace(options[optionTokenLength]))
	return oauth.Site{
		SwitchedOff:          options[optionMasterSwitch] == "off",
		Deactivated:          options[ColInactive] == "1",
		AccessTokenLifetime:  lifetime(options[OptionAccessLifetime], defaultAccessLifetime),
		RefreshTokenLifetime: lifetime(options[OptionRefreshLifetime], 0),
		TokenLength:          min(max(length, minTokenLength), maxTokenLength),
	}
}

// OpenIDOff reads the option as the plugin does: only 'on' or nothing leaves
// OpenID Connect on.
func OpenIDOff(value string) bool { return !PHPFalse(value) && value != "on" }

// IssuerOf is the address of the plugin's routes as the plugin has it in its ID
// tokens. Without pretty permalinks the route is a parameter. It is empty if the
// site has no address.
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

// PHPFalse says if PHP takes an option's value for false.
func PHPFalse(value string) bool { return value == "" || value == "0" }

// lifetime is a number of seconds; PHP takes one with a fraction too.
func lifetime(value string, unset time.Duration) time.Duration {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(seconds >= 1) || math.IsInf(seconds, 1) { // ParseFloat reads "inf" and "nan"
		return unset
	}
	return time.Duration(min(seconds, maxLifetime.Seconds())) * time.Second
}

// Inactive is a condition on the value of active_plugins of a blog: neither that
// list nor the network's names the plugin. It is NULL where the blog has no list.
//
// The literals have a character set of their own because MySQL 8 compares no text
// with one of the connection's where that is binary.
func (t Tables) Inactive(list, blog string) string {
	if t.Plugin == "" {
		return "FALSE"
	}
	condition := list + " NOT REGEXP _utf8mb4'" + t.Plugin + "'"
	if t.Sitemeta != "" {
		condition += fmt.Sprintf(" AND NOT EXISTS (SELECT 1 FROM `%s` AS m JOIN `%s` AS b ON b.site_id = m.site_id "+
			"WHERE b.blog_id = %s AND m.meta_key = '%s' AND m.meta_value REGEXP _utf8mb4'%s')",
			t.Sitemeta, t.Blogs, blog, MetaActivePlugins, t.Plugin)
	}
	return condition
}

// OptionsStatement reads the names and values of a blog's options, and as
// ColInactive whether the plugin is inactive there. It goes through OptionsOf.
func OptionsStatement(t Tables) string {
	return "SELECT option_name, option_value FROM `" + BlogTable + "` WHERE option_name IN (" + OptionNames() + ")" +
		" UNION ALL SELECT '" + ColInactive + "', '1' FROM `" + BlogTable + "` WHERE option_name = '" +
		OptionActivePlugins + "' AND " + t.Inactive("option_value", BlogNumber)
}
