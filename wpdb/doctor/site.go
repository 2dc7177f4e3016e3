package doctor

import (
	"regexp"
	"strings"

	"moserver-sidecar/wpdb"
)

// Options that requests do not need.
const (
	optionCoreUpdates   = "_site_transient_update_core"    // of a single site; a network has it in sitemeta
	optionPluginUpdates = "_site_transient_update_plugins" // likewise
	optionOwnKeys       = "mo_oauth_server_site_keys_generated"
)

// The text that PHP's serialize makes of what an update check has seen.
const corePattern = `"version_checked";s:\d+:"([0-9][0-9A-Za-z.+-]*)"`

// site describes WordPress and the plugin.
func (e *examination) site() error {
	e.facts.WordPress.Multisite = e.Config.Multisite
	if !e.there(e.Tables.Options) {
		return nil
	}
	options, err := e.optionsIn(1)
	if wpdb.Denied(err) || wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn {
		return nil // privileges or columns has reported it
	} else if err != nil {
		return err
	}
	e.options = options
	w := &e.facts.WordPress
	w.DBVersion = integer(e.options[wpdb.OptionDBVersion])
	w.VersionRange = versionRange(w.DBVersion)
	if err := e.network(); err != nil {
		return err
	}
	w.Version = firstGroup(corePattern, e.options[optionCoreUpdates])
	p := &e.facts.Plugin
	if p.Active = e.active; e.Tables.Plugin != "" {
		p.Version = firstGroup(e.Tables.Plugin+`;s:\d+:"([0-9][0-9A-Za-z.+-]*)"`, e.options[optionPluginUpdates])
	}
	e.lifetimes(e.options, "")
	return nil
}

// optionsIn reads the options of a blog.
func (e *examination) optionsIn(blog int64) (wpdb.Options, error) {
	names := append(wpdb.OptionList(), wpdb.OptionOpenID, wpdb.OptionDBVersion, optionCoreUpdates, optionPluginUpdates, optionOwnKeys)
	return e.QueryOptions(e.ctx, "SELECT option_name, option_value FROM `"+e.Config.BlogOptions(blog)+"` WHERE option_name IN ('"+strings.Join(names, "', '")+"')")
}

// network reads what a network of sites keeps elsewhere.
func (e *examination) network() error {
	table := e.Config.Prefix + "blogs"
	count := "SELECT COUNT(*) AS blogs FROM " + wpdb.QuoteName(table)
	if !e.Config.Multisite {
		if _, err := e.query(count); err == nil {
			e.advise(wpdb.KindMultisite, "Set multisite: true, or MULTISITE in wp-config.php, if it is one.",
				"There is a table %s, as a network of sites has it, but multisite is off: each client has the main blog's options.", table)
		} else if !wpdb.Denied(err) && wpdb.ErrorNumber(err) != wpdb.ErrNoSuchTable {
			return err
		}
		return nil
	}
	blogs, ok, err := e.read(table, count)
	if err != nil {
		return err
	}
	if ok {
		n := int(blogs[0].Integer("blogs"))
		e.facts.WordPress.Blogs = &n
	}
	meta, _, err := e.read(e.Config.Prefix+"sitemeta", "SELECT meta_key, meta_value FROM "+wpdb.QuoteName(e.Config.Prefix+"sitemeta")+
		" WHERE meta_key IN (?, ?)", optionCoreUpdates, optionPluginUpdates)
	for _, r := range meta {
		e.options[r.Text("meta_key")] = r.Text("meta_value")
	}
	return err
}

// firstGroup is what the group of a pattern matches, empty if nothing does.
func firstGroup(pattern, text string) string {
	return append(regexp.MustCompile(pattern).FindStringSubmatch(text), "", "")[1]
}

// versionRange names the versions of WordPress with that db_version, empty if it is
// unknown.
func versionRange(dbVersion int64) string {
	versions := []struct {
		from int64
		name string
	}{
		{35700, "4.4"}, {36686, "4.5"}, {37965, "4.6"}, {38590, "4.7 to 4.9"}, {43764, "5.0"}, {44719, "5.1 to 5.2"},
		{45805, "5.3"}, {47018, "5.4"}, {48748, "5.5"}, {49752, "5.6 to 5.8"}, {51917, "5.9"}, {53496, "6.0 to 6.2"},
		{55853, "6.3"}, {56657, "6.4"}, {57155, "6.5 to 6.6"}, {58975, "6.7"}, {60421, "6.8"}, {60717, "6.9"}, {61833, "7.0 to 7.1"},
	}
	for i := len(versions) - 1; i >= 0; i-- {
		switch v := versions[i]; {
		case dbVersion == v.from:
			return v.name
		case dbVersion > v.from && i == len(versions)-1:
			return "later than 7.1"
		case dbVersion > v.from:
			return "between " + v.name + " and " + versions[i+1].name
		}
	}
	if dbVersion > 0 {
		return "earlier than 4.4"
	}
	return ""
}
