package store_test

import (
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"testing"
	"time"
)

// newNetwork is a multisite installation: blog 2 has an access token lifetime
// of 120 s and plain secrets, the main blog 60 s and encrypted ones.
func newNetwork(t *testing.T) *site {
	t.Helper()
	s := newSite(t, database).network()
	s.Exec("CREATE TABLE {}2_options LIKE {}options")
	s.Exec("INSERT INTO {}2_options (option_name, option_value) VALUES ('mo_oauth_expiry_time', '120')")
	s.PutOption("mo_oauth_expiry_time", "60")
	return s
}

// network makes the site the main blog of a network, and opens it as that.
func (s *site) network() *site {
	s.T.Helper()
	return storeOn(s.Network())
}

// putOnBlog registers a client whose secret is stored for the blog's way.
func (s *site) putOnBlog(blog any, stored string) {
	s.T.Helper()
	s.DeleteClient(clientID)
	s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) "+
		"VALUES ('My App', ?, ?, 'https://a.example.com/cb', ?)", clientID, stored, blog)
}

// networkSubject is a network whose clients are of one of its blogs.
type networkSubject struct {
	*site
	blog int
}

func (s networkSubject) PutClient(c oauth.Client) {
	s.T.Helper()
	s.site.PutClient(c)
	s.Exec("UPDATE {}moos_oauth_clients SET active_oauth_server_id = ? WHERE client_id = ?", s.blog, c.ID)
}

// PutUser adds a member of all blogs, as most users are of theirs.
func (s networkSubject) PutUser(id int64) {
	s.T.Helper()
	s.site.PutUser(id)
	s.SetMember(id, true)
}

// SetMember changes the client's blog only; to be a member of another one must
// not count.
func (s networkSubject) SetMember(id int64, member bool) {
	s.T.Helper()
	s.Exec("DELETE FROM {}usermeta WHERE user_id = ? AND meta_key LIKE '%capabilities'", id)
	for blog, key := range map[int]string{1: "capabilities", 2: "2_capabilities", 3: "3_capabilities"} {
		if blog != s.blog || member {
			s.Exec("INSERT INTO {}usermeta (user_id, meta_key, meta_value) VALUES (?, ?, 'a:0:{}')", id, s.Prefix+key)
		}
	}
}

// A client of which nothing says whose it is has all users, as in versions of
// the plugin that knew no blogs.
func TestMemberOfNoBlog(t *testing.T) {
	s := newNetwork(t)
	p := s.putCode("c1")
	s.putOnBlog(nil, "secret")
	if s.find(clientID, p).Grant.UserLeft {
		t.Error("a client of no blog: the user has left it")
	}
	s.Exec("ALTER TABLE {}moos_oauth_clients DROP COLUMN active_oauth_server_id")
	if s.find(clientID, p).Grant.UserLeft {
		t.Error("no column for the blog: the user has left it")
	}
}

func TestBlogOfClient(t *testing.T) {
	const secret = "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	encrypted := wpdb.EncryptSecret(secret, "My App")
	s := newNetwork(t)
	single := s.reopen(func(c *wpdb.Config) { c.Multisite = false })
	for _, test := range []struct {
		what   string
		on     *site
		blog   any
		stored string
		want   time.Duration
	}{
		{"blog 2", s, 2, secret, 2 * time.Minute},
		{"main blog", s, 1, encrypted, time.Minute},
		{"blog 0", s, 0, encrypted, time.Minute},
		{"no blog", s, nil, encrypted, time.Minute},
		{"no multisite", single, 2, encrypted, time.Minute},
	} {
		s.putOnBlog(test.blog, test.stored)
		facts := test.on.find(clientID, refreshToken("none"))
		if facts.Site.AccessTokenLifetime != test.want {
			t.Errorf("%s: tokens live for %v, want %v", test.what, facts.Site.AccessTokenLifetime, test.want)
		}
		if facts.Client == nil || facts.Client.Secret != secret {
			t.Errorf("%s: the client is %+v", test.what, facts.Client)
		}
	}
}

// A client of a blog that has been deleted is refused, and one of another blog
// still served. That the table is gone is no outage.
func TestDeletedBlog(t *testing.T) {
	s := newNetwork(t)
	s.putOnBlog(3, "secret")
	p := s.putCode("c1")
	facts := s.find(clientID, p)
	if facts.Client != nil {
		t.Errorf("the client of a deleted blog is %+v", facts.Client)
	}
	s.Exec("CREATE TABLE {}3_options LIKE {}options") // as if made anew
	if s.find(clientID, p).Client == nil {
		t.Error("the client of a blog that is there is not found")
	}
}

func TestUsersTable(t *testing.T) {
	s := newSite(t, database)
	s.Exec("CREATE DATABASE IF NOT EXISTS shared_users")
	s.Exec("CREATE TABLE {}people LIKE {}users")
	s.Exec("CREATE TABLE shared_users.{}people LIKE {}users")
	s.Exec("INSERT INTO {}people (ID) VALUES (20)")
	s.Exec("INSERT INTO shared_users.{}people (ID) VALUES (30)")
	for _, test := range []struct {
		table string
		user  int64
	}{
		{"", alice}, {"{}people", 20}, {"shared_users.{}people", 30},
	} {
		other := s.reopen(func(c *wpdb.Config) { c.UsersTable = s.SQL(test.table) })
		for _, user := range []int64{alice, 20, 30} {
			p := refreshToken(test.table + string(rune(user)))
			s.PutGrant(p, oauth.Grant{ClientID: clientID, UserID: user})
			if got := other.find(clientID, p).Grant.UserExists; got != (user == test.user) {
				t.Errorf("users table %q: user %d exists: %t", test.table, user, got)
			}
		}
		if err := other.Ready(within(t, patience)); err != nil {
			t.Errorf("users table %q: %v", test.table, err)
		}
	}
}
