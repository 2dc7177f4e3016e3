package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
)

// freeFolder is the folder of the free edition.
const freeFolder = "miniorange-oauth-20-server"

// otherGrants is what stops working of a paid edition.
const otherGrants = "Clients with the grants password and client_credentials, which only PHP serves, stop working once nginx sends token requests here, unless php_upstream passes them on to PHP"

// edition looks for a paid edition of the plugin, by its folder and by columns that
// the free one lacks.
func (d *diagnosis) edition() error {
	if slices.Contains(d.missing, d.Tables.Options) || slices.Contains(d.missing, d.Tables.Clients) {
		return nil
	}
	unknown, grants, err := d.unknownColumns()
	if err != nil {
		return err
	}
	folder, err := d.paidFolder()
	if err != nil || folder == "" && len(unknown) == 0 {
		return err
	}
	clients, err := d.otherGrantClients(grants)
	if err != nil {
		return err
	}
	const remedy = "Set php_upstream. Without it, look for such clients in the plugin's settings before you change nginx, and leave token requests to PHP while there are any. With it, or if there are none, run this again with --accept "
	if folder != "" {
		d.add(wpdb.KindPaidEdition, false, remedy+string(wpdb.KindPaidEdition), "A paid edition of the plugin is active (%s). %s%s.", folder, otherGrants, clients)
	}
	if len(unknown) > 0 {
		d.add(wpdb.KindColumnsUnknown, false, remedy+string(wpdb.KindColumnsUnknown), "The plugin's tables have columns that the free edition does not make: %s. %s%s.",
			strings.Join(unknown, ", "), otherGrants, clients)
	}
	return nil
}

// paidFolder is the folder of an active edition other than the free one. A renamed
// folder means nothing.
func (d *diagnosis) paidFolder() (string, error) {
	if d.Config.PluginFolder != "" {
		return "", nil
	}
	rows, err := wpdb.SelectRows(d.ctx, d.SQL, "SELECT option_value AS list FROM "+wpdb.QuoteName(d.Tables.Options)+" WHERE option_name = '"+wpdb.OptionActivePlugins+"'")
	if d.Tables.Sitemeta != "" && err == nil {
		var network []wpdb.Row
		network, err = wpdb.SelectRows(d.ctx, d.SQL, "SELECT meta_value AS list FROM "+wpdb.QuoteName(d.Tables.Sitemeta)+" WHERE meta_key = '"+wpdb.MetaActivePlugins+"'")
		rows = append(rows, network...)
	}
	if err != nil && !wpdb.Denied(err) && wpdb.ErrorNumber(err) != wpdb.ErrUnknownColumn && wpdb.ErrorNumber(err) != wpdb.ErrNoSuchTable {
		return "", err
	}
	for _, r := range rows {
		for _, plugin := range regexp.MustCompile(d.Tables.Plugin).FindAllString(r.Text("list"), -1) {
			if folder, _, _ := strings.Cut(strings.Trim(plugin, `"`), "/"); folder != freeFolder {
				return folder, nil
			}
		}
	}
	return "", nil
}

// unknownColumns are those that neither the free edition nor this server makes; grants
// is whether the clients' list of grants is one.
func (d *diagnosis) unknownColumns() (unknown []string, grants bool, err error) {
	known := map[string]string{d.Tables.Clients: "active_oauth_server_id", d.Tables.Codes: "id_token", d.Tables.AccessTokens: "", d.Tables.RefreshTokens: ""}
	for _, n := range d.present() {
		extra, ours := known[n.Table]
		if !ours {
			continue
		}
		rows, err := wpdb.SelectRows(d.ctx, d.SQL, "SHOW COLUMNS FROM "+wpdb.QuoteName(n.Table))
		if wpdb.Denied(err) {
			continue // privileges has reported it
		} else if err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			name := strings.ToLower(r.Text("Field"))
			if name != extra && !slices.Contains(n.Columns, name) && !strings.HasPrefix(name, wpdb.OwnName) {
				unknown = append(unknown, n.Table+"."+name)
				grants = grants || n.Table == d.Tables.Clients && name == "grant_types"
			}
		}
	}
	return unknown, grants, nil
}

// otherGrantClients counts the clients with a grant that stops working, if there is a
// column for it.
func (d *diagnosis) otherGrantClients(known bool) (string, error) {
	if !known {
		return "; the tables do not tell which these are", nil
	}
	var n int
	err := d.SQL.GetContext(d.ctx, &n, "SELECT COUNT(*) FROM "+wpdb.QuoteName(d.Tables.Clients)+
		" WHERE CONCAT(' ', grant_types, ' ') LIKE '% password %' OR CONCAT(' ', grant_types, ' ') LIKE '% client_credentials %'")
	return fmt.Sprintf("; of the clients with a list of grants (grant_types), %d have one of the two", n), err
}

// maxBlogs is how many blogs' switches are looked at.
const maxBlogs = 1000

// switches looks for why a server would answer every request with 503.
func (d *diagnosis) switches() error {
	if slices.Contains(d.missing, d.Tables.Options) || slices.Contains(d.missing, d.Tables.Blogs) {
		return nil
	}
	blogs, err := d.blogsOfClients()
	for _, blog := range blogs {
		if err == nil {
			err = d.switchesOf(blog)
		}
	}
	if wpdb.Denied(err) || wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn || wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable {
		return nil // privileges, columns or engines has reported it
	}
	return err
}

// blogsOfClients are the blogs that have clients, and the main one if none has.
func (d *diagnosis) blogsOfClients() (blogs []int64, err error) {
	if !d.Config.Multisite {
		return []int64{1}, nil
	}
	err = d.SQL.SelectContext(d.ctx, &blogs, fmt.Sprintf("SELECT DISTINCT GREATEST(COALESCE(active_oauth_server_id, 1), 1) "+
		"FROM `%s` ORDER BY 1 LIMIT %d", d.Tables.Clients, maxBlogs))
	if wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn || err == nil && len(blogs) == 0 { // a version that knows no blogs
		return []int64{1}, nil
	}
	return blogs, err
}

func (d *diagnosis) switchesOf(blog int64) error {
	options, err := d.BlogOptions(d.ctx, blog)
	if blog > 1 && (wpdb.Denied(err) || wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable) {
		return nil // its clients are refused, which Examine reports
	}
	if err != nil {
		return err
	}
	where, requests := "", "every token request"
	if blog > 1 {
		where, requests = fmt.Sprintf(" on blog %d", blog), "every token request of its clients"
	}
	state := wpdb.SiteOf(options)
	if blog == 1 {
		active := !state.Deactivated
		d.active = &active
	}
	if state.Deactivated {
		d.add(wpdb.KindPluginInactive, false, "Activate \"miniOrange OAuth 2.0 Server\" in wp-admin; if its folder was renamed, set plugin_folder to its name.",
			"The plugin is not active%s: %s is answered with 503.", where, requests)
	} else if state.SwitchedOff {
		d.add(wpdb.KindSwitchedOff, false, "Turn on the Master Switch on the plugin's settings page in wp-admin.",
			"The OAuth server is switched off%s: %s is answered with 503.", where, requests)
	}
	return nil
}
