package config

import (
	"regexp"
	"slices"
	"strings"
)

// siteFlags is those of the flags that say which site it is, as a shell reads them,
// for remedies to repeat. A password is left for a person to give, and so is a value
// that was not understood.
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
		if text == "true" || text == "false" { // which may stand without a value
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

// quoteWord quotes a word for a shell, where it needs that.
func quoteWord(word string) string {
	if regexp.MustCompile(`^[\p{L}\p{N}_./:@%+=,…-]+$`).MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
