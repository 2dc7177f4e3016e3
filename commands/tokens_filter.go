package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/store"
	"moserver-sidecar/wpdb/tokens"
)

// addStateFlags adds the flags of list and count.
func (r *tokensRun) addStateFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.kind, "kind", "", "(list, count) only this `kind`: authorization_code, refresh_token or access_token")
	cmd.Flags().BoolVar(&r.live, "live", false, "(list, count) what has not expired")
	cmd.Flags().BoolVar(&r.expired, "expired", false, "(list, count) what has")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions( // the flag is there, and has none yet
		[]string{string(oauth.AuthorizationCode), string(oauth.RefreshToken), string(oauth.AccessToken)}, cobra.ShellCompDirectiveNoFileComp))
}

// checkFlags refuses what can only be a mistake.
func (r *tokensRun) checkFlags() error {
	kind := oauth.Kind(r.kind)
	switch {
	case r.user.set && r.user.text == "", r.client.set && r.client.text == "":
		return errors.New("--user and --client may be left out, but not be empty")
	case r.revokes && !r.user.set && !r.client.set && !r.stdin:
		return errors.New("say what to revoke: --user alice, --client ID, both, or --stdin for one token")
	case r.live && r.expired:
		return errors.New("--live and --expired exclude each other")
	case r.lists && (r.limit < 1 || r.limit > maxListLimit):
		return fmt.Errorf("--limit must be from 1 to %d", maxListLimit)
	case kind != "" && kind != oauth.AuthorizationCode && kind != oauth.RefreshToken && kind != oauth.AccessToken:
		return errors.New("--kind must be authorization_code, refresh_token or access_token")
	}
	return nil
}

// resolve turns the flags into a filter.
func (r *tokensRun) resolve(ctx context.Context) error {
	var whose []string
	if r.user.set {
		user, err := tokens.FindUser(ctx, r.db, r.user.text)
		if err != nil {
			return err
		}
		r.filter.UserID = user.ID
		whose = append(whose, "of the user "+userName(user.ID, user.Login))
	}
	if r.client.set {
		client, err := tokens.FindClient(ctx, r.db, r.client.text)
		if err != nil {
			return err
		}
		r.filter.ClientID = client.ID
		whose = append(whose, "for the client "+clientName(client))
	}
	if r.stdin {
		which, err := r.resolveToken(ctx)
		if err != nil {
			return err
		}
		whose = append(whose, which)
	}
	if r.kind != "" {
		r.filter.Kinds = []oauth.Kind{oauth.Kind(r.kind)}
	}
	switch {
	case r.live:
		r.filter.State = tokens.LiveTokens
	case r.expired:
		r.filter.State = tokens.ExpiredTokens
	}
	r.whose = strings.Join(whose, " ")
	return nil
}

// resolveToken reads a code or token. A refresh token that was replaced stands
// for what has replaced it: who has the one may be given the other.
func (r *tokensRun) resolveToken(ctx context.Context) (which string, err error) {
	value, err := r.readToken()
	if err != nil {
		return "", err
	}
	r.filter.Value, err = store.Current(ctx, r.db, value)
	if r.filter.Value != value {
		return "that has replaced that one", err
	}
	return "of that value", err
}

// readToken is the first line of standard input. It is not taken from a flag,
// which other users of the machine can see while the command runs.
func (r *tokensRun) readToken() (string, error) {
	line, err := r.input.ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("cannot read standard input: %w", err)
	}
	value := strings.TrimRight(line, "\r\n")
	if value == "" {
		return "", errors.New("standard input has no token in its first line")
	}
	return value, nil
}
