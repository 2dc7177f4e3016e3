package clients_test

// client is software that others wrote, or the use of it that its own
// documentation shows.
type client struct {
	name    string   // as the tables have it
	command []string // run in workdir
	version []string // a command that prints the version, where the client does not say it itself
	pinned  bool     // the version is that of go.mod or package-lock.json; others are the distribution's
	revokes bool     // it can revoke a token
}

// libraries are programs that carry out steps, see session.
func libraries() []client {
	const python = "/usr/bin/python3" // the one that Debian's packages are for
	return []client{
		{name: "Go: golang.org/x/oauth2", command: []string{"./" + goClientName}, pinned: true},
		{name: "Node.js: openid-client", command: []string{"node", "openid-client.mjs"}, pinned: true, revokes: true},
		{name: "Node.js: simple-oauth2", command: []string{"node", "simple-oauth2.mjs"}, pinned: true, revokes: true},
		{name: "Node.js: passport-oauth2, passport-oauth2-refresh", command: []string{"node", "passport-oauth2.mjs"}, pinned: true},
		{name: "Node.js: @modelcontextprotocol/sdk", command: []string{"node", "mcp.mjs"}, pinned: true},
		{name: "Python: Authlib", command: []string{python, "authlib_client.py"}, revokes: true},
		{name: "Python: requests-oauthlib", command: []string{python, "requests_oauthlib_client.py"}},
		{name: "Python: python-social-auth", command: []string{python, "social_core_client.py"}},
		{name: "Ruby: oauth2", command: []string{"ruby", "oauth2_client.rb"}},
	}
}

// websites are programs that need nothing but visitors, see authjs.mjs.
func websites() []client {
	return []client{{name: "Node.js: Auth.js", command: []string{"node", "authjs.mjs"}, pinned: true}}
}

// samples are the programs of docs/clients, which refresh, use what they got,
// revoke, and see that they are refused.
func samples() []client {
	return []client{
		{name: "curl", command: []string{"sh", "refresh.sh"}, version: []string{"curl", "--version"}},
		{name: "C#: HttpWebRequest (Mono)", command: []string{"mono", "Refresh.exe"}, version: []string{"mono", "--version"}},
		{name: "Java: HttpURLConnection", command: []string{"java", "Refresh.java"}, version: []string{"java", "--version"}},
		{name: "PHP: curl", command: []string{"php", "refresh.php"}, version: []string{"php", "--version"}},
		{name: "Python: requests", command: []string{"/usr/bin/python3", "refresh.py"},
			version: []string{"/usr/bin/python3", "-c", "import requests; print(requests.__version__)"}},
		{name: "Postman (newman)", command: []string{"sh", "-c", `exec node_modules/.bin/newman run --color off refresh.postman_collection.json \
			--env-var "site=$SITE" --env-var "client_id=$CLIENT_ID" \
			--env-var "client_secret=$CLIENT_SECRET" --env-var "refresh_token=$REFRESH_TOKEN"`},
			version: []string{"node_modules/.bin/newman", "--version"}, pinned: true},
	}
}
