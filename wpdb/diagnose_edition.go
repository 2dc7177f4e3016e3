package wpdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// freeFolder is that of the free edition, which others begin with.
const freeFolder = "miniorange-oauth-20-server"

// otherGrants is what stops working here of a paid edition.
const otherGrants = "Clients with the grants password and client_credentials, which only PHP serves, stop working once nginx sends token requests here"

// edition looks for a paid edition of the plugin, by its folder and by columns that
// the free one does not make.
func (d *diagnosis) edition() error {
	if slices.Contains(d.missing, d.tables.options) || slices.Contains(d.missing, d.tables.clients) {
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
	const remedy = "Look for such clients in the plugin's settings before you change nginx, and leave token requests to PHP while there are any. If there are none, run this again with --accept "
	if folder != "" {
		d.add(KindPaidEdition, false, remedy+string(KindPaidEdition), "A paid edition of the plugin is active (%s). %s%s.", folder, otherGrants, clients)
	}
	if len(unknown) > 0 {
		d.add(KindColumnsUnknown, false, remedy+string(KindColumnsUnknown), "The plugin's tables have columns that the free edition does not make: %s. %s%s.",
			strings.Join(unknown, ", "), otherGrants, clients)
	}
	return nil
}

// paidFolder is the folder of an active edition that is not the free one. One that
// somebody has renamed tells nothing.
func (d *diagnosis) paidFolder() (string, error) {
	if d.config.PluginFolder != "" {
		return "", nil
	}
	rows, err := selectRows(d.ctx, d.db, "SELECT option_value AS list FROM "+quoteName(d.tables.options)+" WHERE option_name = '"+optionActivePlugins+"'")
	if d.tables.sitemeta != "" && err == nil {
		var network []row
		network, err = selectRows(d.ctx, d.db, "SELECT meta_value AS list FROM "+quoteName(d.tables.sitemeta)+" WHERE meta_key = '"+metaActivePlugins+"'")
		rows = append(rows, network...)
	}
	if err != nil && !denied(err) && number(err) != errUnknownColumn && number(err) != errNoSuchTable {
		return "", err
	}
	for _, r := range rows {
		for _, plugin := range regexp.MustCompile(d.tables.plugin).FindAllString(r.text("list"), -1) {
			if folder, _, _ := strings.Cut(strings.Trim(plugin, `"`), "/"); folder != freeFolder {
				return folder, nil
			}
		}
	}
	return "", nil
}

// unknownColumns are those that neither the free edition nor this server makes, and
// says if one is of the clients' grants.
func (d *diagnosis) unknownColumns() (unknown []string, grants bool, err error) {
	known := map[string]string{d.tables.clients: "active_oauth_server_id", d.tables.codes: "id_token", d.tables.accessTokens: "", d.tables.refreshTokens: ""}
	for _, n := range d.present() {
		extra, ours := known[n.table]
		if !ours {
			continue
		}
		rows, err := selectRows(d.ctx, d.db, "SHOW COLUMNS FROM "+quoteName(n.table))
		if denied(err) {
			continue // privileges has said so
		} else if err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			name := strings.ToLower(r.text("Field"))
			if name != extra && !slices.Contains(n.columns, name) && !strings.HasPrefix(name, ownName) {
				unknown = append(unknown, n.table+"."+name)
				grants = grants || n.table == d.tables.clients && name == "grant_types"
			}
		}
	}
	return unknown, grants, nil
}

// otherGrantClients says how many clients name a grant that stops working, where
// there is a column for it.
func (d *diagnosis) otherGrantClients(known bool) (string, error) {
	if !known {
		return "; the tables do not tell which these are", nil
	}
	var n int
	err := d.db.GetContext(d.ctx, &n, "SELECT COUNT(*) FROM "+quoteName(d.tables.clients)+
		" WHERE CONCAT(' ', grant_types, ' ') LIKE '% password %' OR CONCAT(' ', grant_types, ' ') LIKE '% client_credentials %'")
	return fmt.Sprintf("; of the clients with a list of grants (grant_types), %d have one of the two", n), err
}
