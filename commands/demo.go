package commands

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/store"
)

const demoAddress = "127.0.0.1:8089"

// demoSite is the demo's private site: a client, the user alice, and two refresh tokens
// of the client for alice, one to refresh with and one to revoke.
type demoSite struct {
	store    oauth.Store
	database string // where its data is, for people
	inspect  string // a command that shows the tokens, if there is one
	close    func() error

	clientID, clientSecret, refreshToken, otherToken string
}

func demoCommand(newServer NewServer) *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", Short: "try the server on a private site, without WordPress",
		Example: `  moserver-sidecar demo`,
		Long: `Uses a private MariaDB, or memory if mariadbd is not installed. It prints
commands to try, and leaves nothing behind.`,

		Annotations: exits(`: 0 after SIGTERM or Ctrl-C, 1 if it cannot serve.`),
		Args:        noArguments,
	}
	address := cmd.Flags().String("listen", "", "where to listen, as `host:port`; by default "+demoAddress+", or any free port if that one is taken")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return demo(cmd.OutOrStdout(), *address, newServer) }
	return cmd
}

// demo serves a private site until Ctrl-C, and leaves nothing behind.
func demo(w io.Writer, address string, newServer NewServer) (err error) {
	ctx, stop := untilSignal()
	defer stop()
	listener, err := demoListener(address)
	if err != nil {
		return err
	}
	defer listener.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	site, err := newDemoSite(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.close()) }()

	settings := config.Defaults()
	settings.Listen = listener.Addr().String()
	site.print(w, settings.Listen)
	return runServer(ctx, listener, newServer(site.store, settings, log), settings, log)
}

// demoListener takes the usual port, or any that is free.
func demoListener(address string) (net.Listener, error) {
	if network, _ := config.Endpoint(address); network != "tcp" {
		return nil, errors.New("demo: --listen must be host:port, such as " + demoAddress)
	}
	if address != "" {
		return listen(address, 0)
	}
	if l, err := net.Listen("tcp", demoAddress); err == nil {
		return l, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// newDemoSite makes the site in a private MariaDB, or in memory if that is not installed.
func newDemoSite(ctx context.Context, log *slog.Logger) (*demoSite, error) {
	site := &demoSite{clientID: randomName(), clientSecret: randomName(), refreshToken: randomName(), otherToken: randomName()}
	database, err := sandbox.Start(ctx, sandbox.Options{})
	if errors.Is(err, sandbox.ErrNoMariaDB) {
		site.useMemory()
		return site, nil
	}
	if err != nil {
		return nil, err
	}
	site.close = database.Stop
	if err := site.useMariaDB(ctx, database, log); err != nil {
		return nil, errors.Join(err, site.close())
	}
	return site, nil
}

func (d *demoSite) useMemory() {
	store := memory.New()
	store.PutUser(sandbox.Alice)
	store.PutClient(oauth.Client{ID: d.clientID, Confidential: true, Secret: d.clientSecret})
	for _, token := range []string{d.refreshToken, d.otherToken} {
		store.PutGrant(oauth.Presented{Kind: oauth.RefreshToken, Value: token},
			oauth.Grant{ClientID: d.clientID, UserID: sandbox.Alice, Scope: oauth.DefaultScope()})
	}
	d.store, d.close = store, func() error { return nil }
	d.database = "the memory of this process, because there is no mariadbd on this machine\n" +
		"            (on Debian, apt-get install mariadb-server-core gives the real one)"
}

func (d *demoSite) useMariaDB(ctx context.Context, database *sandbox.Server, log *slog.Logger) error {
	const prefix = "wp_"
	if err := database.CreateSite(ctx, prefix); err != nil {
		return err
	}
	db, err := wpdb.Open(wpdb.Config{
		Network: "unix", Address: database.Socket, User: "root", Name: database.Name(), Charset: "utf8mb4",
		Prefix: prefix, MaxConnections: 16,
	}, log)
	if err != nil {
		return err
	}
	site := store.New(db)
	d.store = site
	d.close = func() error { return errors.Join(site.Close(), database.Stop()) }
	client := sandbox.Client{ID: d.clientID, Name: "Demo", Secret: wpdb.EncryptSecret(d.clientSecret, "Demo")}
	if err := database.PutClient(ctx, prefix, client); err != nil {
		return err
	}
	d.database = "a private MariaDB in " + database.Dir
	d.inspect = fmt.Sprintf("mariadb --socket=%s -uroot %s -e 'SELECT * FROM %smoos_oauth_access_tokens'",
		database.Socket, database.Name(), prefix)
	token := oauth.Token{Kind: oauth.RefreshToken, Value: d.refreshToken, ClientID: d.clientID, UserID: sandbox.Alice, Scope: oauth.DefaultScope()}
	other := token
	other.Value = d.otherToken
	return site.Issue(ctx, token, other)
}

// print lists commands to try. Each works alone, in any order and more than once.
func (d *demoSite) print(w io.Writer, address string) {
	url := "http://" + address + "/wp-json/moserver/token"
	ask := func(grant, token string) string {
		return fmt.Sprintf(`curl -s -w '\n' %s -d grant_type=%s -d client_id=%s -d client_secret=%s -d %s`, url, grant, d.clientID, d.clientSecret, token)
	}
	revoke, refused := ask("revoke_token", "token="+d.otherToken), ask("refresh_token", "refresh_token="+d.otherToken)
	fmt.Fprintf(w, `A private site is up, with a client, the user alice and two refresh tokens of
hers.

  database  %s
  endpoint  %s

Refresh: a new access token, and the same refresh token.

  %s

Revoke the other refresh token, which works however often.

  %s

Revoke it, and refresh with it: refused with invalid_grant.

  %s

`, d.database, url, ask("refresh_token", "refresh_token="+d.refreshToken), revoke, revoke+" --next "+strings.TrimPrefix(refused, "curl "))
	if _, err := exec.LookPath("curl"); err != nil {
		fmt.Fprint(w, "There is no curl on this machine, which these lines need (on Debian, apt-get\ninstall curl).\n\n")
	}
	if d.inspect != "" {
		fmt.Fprintf(w, "See the rows that PHP finds:\n\n  %s\n\n", d.inspect)
	}
	fmt.Fprintln(w, "Ctrl-C ends the demo and removes everything.")
}

// randomName is 32 characters that never need quoting.
func randomName() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
