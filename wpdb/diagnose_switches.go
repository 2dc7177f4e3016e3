package wpdb

import (
	"fmt"
	"slices"
)

// maxBlogs is how many blogs are looked at for their switches.
const maxBlogs = 1000

// switches: a server that answers 503 to everything should say why.
func (d *diagnosis) switches() error {
	if slices.Contains(d.missing, d.tables.options) || slices.Contains(d.missing, d.tables.blogs) {
		return nil
	}
	blogs, err := d.blogsOfClients()
	for _, blog := range blogs {
		if err == nil {
			err = d.switchesOf(blog)
		}
	}
	if denied(err) || number(err) == errUnknownColumn || number(err) == errNoSuchTable {
		return nil // privileges, columns or engines has said so
	}
	return err
}

// blogsOfClients are the blogs that have clients, and the main one if none has.
func (d *diagnosis) blogsOfClients() (blogs []int64, err error) {
	if !d.config.Multisite {
		return []int64{1}, nil
	}
	err = d.db.SelectContext(d.ctx, &blogs, fmt.Sprintf("SELECT DISTINCT GREATEST(COALESCE(active_oauth_server_id, 1), 1) "+
		"FROM `%s` ORDER BY 1 LIMIT %d", d.tables.clients, maxBlogs))
	if number(err) == errUnknownColumn || err == nil && len(blogs) == 0 { // a version that knows no blogs
		return []int64{1}, nil
	}
	return blogs, err
}

func (d *diagnosis) switchesOf(blog int64) error {
	options, err := d.blogOptions(d.ctx, blog)
	if blog > 1 && (denied(err) || number(err) == errNoSuchTable) {
		return nil // its clients are refused; Examine says so
	}
	if err != nil {
		return err
	}
	where, requests := "", "every token request"
	if blog > 1 {
		where, requests = fmt.Sprintf(" on blog %d", blog), "every token request of its clients"
	}
	state := site(options)
	if blog == 1 {
		active := !state.Deactivated
		d.active = &active
	}
	if state.Deactivated {
		d.add(KindPluginInactive, false, "Activate \"miniOrange OAuth 2.0 Server\" in wp-admin; if its folder was renamed, set plugin_folder to its name.",
			"The plugin is not active%s: %s is answered with 503.", where, requests)
	} else if state.SwitchedOff {
		d.add(KindSwitchedOff, false, "Turn on the Master Switch on the plugin's settings page in wp-admin.",
			"The OAuth server is switched off%s: %s is answered with 503.", where, requests)
	}
	return nil
}
