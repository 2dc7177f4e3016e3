package config

import (
	"regexp"
	"slices"
	"strings"
)

// siteFlags are the flags that identify the site, quoted for a shell, so that remedies can
// repeat them. It replaces passwords by "…" and leaves out invalid values.
func siteFlags(flags map[string]string, doubtful []string) string {
	var words []string
	for _, name := range append([]string{"config"}, settingNames()...) {
		text, given := flags[name]
		if !given || slices.Contains(doubtful, name) || !strings.HasPrefix(name, "db_") && !slices.Contains([]string{"config", "wp_config", "table_prefix",
			"users_table", "usermeta_table", "home", "multisite", "revoke_access_tokens", "purge_after"}, name) {
			continue
		}
		if name == passwordName {
			name, text = passwordFileName, "…"
		}
		between := " "
		if text == "true" || text == "false" { // a switch
			between = "="
		}
		words = append(words, "--"+flagName(name)+between+quoteWord(text))
	}
	return strings.Join(words, " ")
}

func settingNames() (names []string) {
	for _, s := range new(Settings).list() {
		names = append(names, s.name)
	}
	return names
}

// quoteWord quotes a word for a shell if it needs that.
func quoteWord(word string) string {
	if regexp.MustCompile(`^[\p{L}\p{N}_./:@%+=,…-]+$`).MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
