package wpdb

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

// Find implements oauth.Store. It takes one round trip, and a second one for
// the client of another blog than the main one, whose options are in a table
// of their own.
func (s *Store) Find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	var facts oauth.Facts
	err := s.look(ctx, func(ctx context.Context, s *Store) (_ bool, err error) {
		facts, err = s.find(ctx, clientID, p)
		return missed(facts.Client, facts.Grant, p.Kind != ""), err
	})
	return facts, err
}

func (s *Store) find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	args := []any{comparand(clientID)}
	if p.Kind != "" {
		args = append(args, comparand(p.Value))
	}
	found, err := s.findRow(ctx, s.statements.find[p.Kind], args...)
	if err != nil {
		return oauth.Facts{}, err
	}
	return s.facts(ctx, found, p.Kind)
}

// facts is what a row says that has a client, and may have a grant of the kind.
func (s *Store) facts(ctx context.Context, found row, kind oauth.Kind) (oauth.Facts, error) {
	options, err := found.options(), error(nil)
	blog, blogGone := found.integer("active_oauth_server_id"), false
	if s.config.Multisite && found.null("client_id") && found.integer(colGrant) == 0 {
		options[colInactive] = "" // nobody knows of which blog the request is
	}
	if !s.config.Multisite || blog <= 1 {
		blog = 0
	} else if options, err = s.blogOfUser(ctx, blog, found.integer(colGrantUser)); number(err) == errNoSuchTable {
		blogGone = true
	} else if err != nil {
		return oauth.Facts{}, err
	}
	facts := oauth.Facts{Site: site(options), Grant: found.grant(kind)}
	facts.Site.Blog = blog
	if facts.Grant != nil && s.config.Multisite && !found.null("active_oauth_server_id") {
		facts.Grant.UserLeft = options[colMember] != "1"
	}
	if !blogGone { // a client of a deleted blog is deleted with it
		facts.Client = found.client(!phpFalse(options[optionSecretsEncrypted]))
	}
	return facts, nil
}

// findRow runs a query whose result is one row.
func (s *Store) findRow(ctx context.Context, query string, args ...any) (found row, err error) {
	take := func(next row) { found = next }
	err = s.each(ctx, query, args, take)
	if err == nil && found == nil {
		err = s.each(ctx, s.statements.anyhow[query], args, take)
	}
	return found, err
}

// each runs a query, and calls take for each row of its result, as reading does.
func (s *Store) each(ctx context.Context, query string, args []any, take func(row)) error {
	return s.reading(ctx, func(ctx context.Context, conn *sqlx.Conn) error {
		return eachRow(ctx, conn, query, args, take)
	})
}

// reading lets work read on a connection. Waiting for one ends with ctx; what has
// begun ends at the deadline of ctx alone. To break a connection off because a
// client has left would cost the server more than to finish.
func (s *Store) reading(ctx context.Context, work func(context.Context, *sqlx.Conn) error) error {
	conn, err := s.db.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	network, err := networkOf(conn.Conn)
	if err != nil {
		return err
	}
	limit := ioTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = time.Until(end)
	}
	overtime := time.AfterFunc(limit, func() { network.Close() })
	err = work(context.WithoutCancel(ctx), conn)
	if overtime.Stop() {
		return err
	}
	discard(conn.Conn)
	if err != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// blogOfUser reads the options of another blog than the main one, and beside
// them, as colMember, if the user is its member.
func (s *Store) blogOfUser(ctx context.Context, blog, user int64) (map[string]string, error) {
	query := s.optionsOf(blog, s.statements.options) + s.statements.member
	return s.queryOptions(ctx, query, user, s.config.blogCapabilities(blog))
}

// blogOptions reads the options of a blog.
func (s *Store) blogOptions(ctx context.Context, blog int64) (map[string]string, error) {
	return s.queryOptions(ctx, s.optionsOf(blog, s.statements.options))
}

// optionsOf puts a blog into a statement that reads its options.
func (s *Store) optionsOf(blog int64, statement string) string {
	return strings.ReplaceAll(ofBlog(statement, s.config.blogOptions(blog)), blogNumber, strconv.FormatInt(blog, 10))
}

// queryOptions runs a query whose result is names and values of options.
func (s *Store) queryOptions(ctx context.Context, query string, args ...any) (map[string]string, error) {
	options := map[string]string{}
	err := s.each(ctx, query, args, func(r row) { options[r.text("option_name")] = r.text("option_value") })
	return options, err
}
