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
	optionAccessLifetime   = "mo_oauth_expiry_time"
	optionRefreshLifetime  = "mo_oauth_refresh_expiry_time"
	optionTokenLength      = "mo_oauth_server_token_length"
	optionSecretsEncrypted = "mo_oauth_server_is_client_secret_encrypted"
	optionOpenID           = "mo_oauth_server_enable_oidc"
	optionIDToken          = "mo_oauth_server_current_id_token"
)

// The options of WordPress that the issuer is made of.
const (
	optionHome       = "home"
	optionPermalinks = "permalink_structure"
)

// Where WordPress lists the active plugins: of a blog, and of all blogs of a network.
const (
	optionActivePlugins = "active_plugins"
	metaActivePlugins   = "active_sitewide_plugins"
)

// optionSiteURL is there in each WordPress, which takes itself for not installed
// without it.
const optionSiteURL = "siteurl"

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

func optionList() []string {
	return []string{
		optionMasterSwitch, optionAccessLifetime, optionRefreshLifetime,
		optionTokenLength, optionSecretsEncrypted,
	}
}

// optionNames is the list for an IN clause.
func optionNames() string { return "'" + strings.Join(optionList(), "', '") + "'" }

// optionColumns selects the value of each option of optionTables as a column of
// its own name, and whether the plugin is inactive on the main blog. The list that
// tells so stays with the server.
func (t tables) optionColumns(names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ",\n  %s AS `%s`", t.inactive("a.option_value", "1"), colInactive)
	for i, name := range names {
		fmt.Fprintf(&b, ",\n  p%d.option_value AS `%s`", i, name)
	}
	return b.String()
}

// base is the one row that all else is joined to, in a statement whose result is
// one row whatever is there.
type base struct{ table, condition string }

// siteRow is a row that is there already, for which the server makes no temporary
// table, unlike for madeRow.
func siteRow(t tables) base {
	return base{"`" + t.options + "` AS o", "WHERE o.option_name = '" + optionSiteURL + "'"}
}

// madeRow is for a table of options without optionSiteURL.
func madeRow() base { return base{table: "(SELECT 1) AS o"} }

// optionTables has the options as columns beside a row. option_name has a unique
// index, so that the server reads each as a constant before it plans the rest,
// which takes it less time than a subselect for each.
func optionTables(table string, names []string) string {
	var b strings.Builder
	for i, name := range names {
		fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS p%d ON p%d.option_name = '%s'", table, i, i, name)
	}
	fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS a ON a.option_name = '%s'", table, optionActivePlugins)
	return b.String()
}

// site reads the options as the plugin does: only the very word 'off' switches
// it off, and of the numbers an empty string and "0" count as unset. So does
// here whatever is no positive number, on which the plugin fails.
func site(options map[string]string) oauth.Site {
	length, _ := strconv.Atoi(strings.TrimSpace(options[optionTokenLength]))
	return oauth.Site{
		SwitchedOff:          options[optionMasterSwitch] == "off",
		Deactivated:          options[colInactive] == "1",
		AccessTokenLifetime:  lifetime(options[optionAccessLifetime], defaultAccessLifetime),
		RefreshTokenLifetime: lifetime(options[optionRefreshLifetime], 0),
		TokenLength:          min(max(length, minTokenLength), maxTokenLength),
	}
}

// openIDOff reads the option as the plugin does: only 'on' or nothing leaves
// OpenID Connect on.
func openIDOff(value string) bool { return !phpFalse(value) && value != "on" }

// issuer is the address of the plugin's routes as the plugin has it in its ID
// tokens. Without pretty permalinks the route is a parameter. It is empty if the
// site has no address.
func issuer(home, permalinks string) string {
	home = strings.TrimRight(home, "/")
	if home == "" {
		return ""
	}
	if phpFalse(permalinks) {
		return home + "/?rest_route=/moserver"
	}
	return home + "/wp-json/moserver"
}

// phpFalse says if PHP takes an option's value for false.
func phpFalse(value string) bool { return value == "" || value == "0" }

// lifetime is a number of seconds; PHP takes one with a fraction too.
func lifetime(value string, unset time.Duration) time.Duration {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(seconds >= 1) || math.IsInf(seconds, 1) { // ParseFloat reads "inf" and "nan"
		return unset
	}
	return time.Duration(min(seconds, maxLifetime.Seconds())) * time.Second
}
