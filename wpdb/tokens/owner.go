package tokens

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"moserver-sidecar/wpdb"
)

// ErrUnknown is wrapped by the errors of FindUser and FindClient if there is no such
// user or client. Their texts are sentences for operators.
var ErrUnknown = errors.New("unknown")

// unknown is an error whose whole text is a sentence, and that wraps ErrUnknown.
type unknown string

// Error implements error.
func (u unknown) Error() string { return string(u) }

// Is makes errors.Is(err, ErrUnknown) true.
func (u unknown) Is(target error) bool { return target == ErrUnknown }

// User is a user of WordPress.
type User struct {
	ID    int64  `db:"ID"`
	Login string `db:"user_login"` // empty: the user is gone, and has left codes or tokens
}

// FindUser returns the user with that ID or login; the prefix "id:" or "login:" decides
// if a name is the ID of one and the login of another. The ID of a deleted user is
// found as long as codes or tokens have it.
func FindUser(ctx context.Context, db *wpdb.DB, name string) (User, error) {
	login, byLogin := strings.CutPrefix(name, "login:")
	digits, byID := strings.CutPrefix(name, "id:")
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || byLogin {
		id = 0
	}
	byName := wpdb.Comparand(login)
	if byID {
		byName = nil
	}
	var users []User
	err = db.Repeat(ctx, false, func() error {
		users = nil
		return db.SQL.SelectContext(ctx, &users, "SELECT ID, user_login FROM "+wpdb.QuoteName(db.Tables.Users)+
			" WHERE ID = ? OR user_login = ? LIMIT 3", id, byName)
	})
	switch {
	case err != nil:
		return User{}, err
	case len(users) == 1:
		return users[0], nil
	case len(users) > 1:
		return User{}, unknown(fmt.Sprintf("%q is the ID of one user and the login of another; say id:%s or login:%s", name, name, name))
	}
	if id != 0 {
		if left, err := anyTokens(ctx, db, Filter{UserID: id}); err != nil || left {
			return User{ID: id}, err
		}
	}
	return User{}, unknown(fmt.Sprintf("there is no user with the ID or login %q; wp-admin lists them under Users", name))
}

// RegisteredClient is a client as wp-admin lists it.
type RegisteredClient struct {
	ID   string `db:"client_id"`
	Name string `db:"client_name"` // empty: the client is gone, and has left codes or tokens
}

// FindClient returns the client with that id, byte for byte. The id of a deleted client
// is found as long as codes or tokens have it.
func FindClient(ctx context.Context, db *wpdb.DB, id string) (RegisteredClient, error) {
	if id == "" { // to a filter it would mean any client
		return RegisteredClient{}, unknown("the id of a client is never empty")
	}
	found, err := clients(ctx, db, "client_id = CAST(? AS BINARY)", id)
	switch {
	case err != nil:
		return RegisteredClient{}, err
	case len(found) > 0:
		return found[0], nil
	}
	if left, err := anyTokens(ctx, db, Filter{ClientID: id}); err != nil || left {
		return RegisteredClient{ID: id}, err
	}
	// It may be the client's name, or an id in other letter case.
	found, err = clients(ctx, db, "? IN (client_name, client_id)", id)
	switch {
	case err != nil:
		return RegisteredClient{}, err
	case len(found) > 0:
		return RegisteredClient{}, unknown(fmt.Sprintf("there is no client with the id %q; do you mean %q, whose id is %s?", id, found[0].Name, found[0].ID))
	}
	return RegisteredClient{}, unknown(fmt.Sprintf("there is no client with the id %q; the plugin's settings in wp-admin show each client's id", id))
}

// clients reads at most one client that matches the condition.
func clients(ctx context.Context, db *wpdb.DB, condition, arg string) (found []RegisteredClient, err error) {
	query := fmt.Sprintf("SELECT client_id, COALESCE(client_name, '') AS client_name FROM `%s` WHERE client_id IS NOT NULL AND %s LIMIT 1",
		db.Tables.Clients, condition)
	err = db.Repeat(ctx, false, func() error {
		found = nil
		return db.SQL.SelectContext(ctx, &found, query, wpdb.Comparand(arg))
	})
	return found, err
}

// anyTokens reports whether any code or token matches.
func anyTokens(ctx context.Context, db *wpdb.DB, f Filter) (bool, error) {
	tokens, _, err := List(ctx, db, f, 1)
	return len(tokens) > 0, err
}
