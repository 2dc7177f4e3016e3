package doctor

import (
	"fmt"
	"slices"

	"moserver-sidecar/wpdb"
)

// maxBlogs is how many blogs are looked at for their switches.
const maxBlogs = 1000

// switches: a server that answers 503 to everything should say why.
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
		return nil // privileges, columns or engines has said so
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
		return nil // its clients are refused; Examine says so
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
