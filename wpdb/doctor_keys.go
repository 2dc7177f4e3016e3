package wpdb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"moserver-sidecar/oauth"
)

// keyLook gathers what is to be said of keys, so that each thing is said once.
type keyLook struct {
	e       *examination
	keys    map[string][]row    // by client
	public  map[string][]string // clients by the text of their public key
	defects map[string][]string // clients by what is wrong with their key
	several []string            // clients with more than one key
	foreign []string            // clients whose site has not made a key of its own
}

// keys looks at the keys that ID tokens are signed with.
func (e *examination) keys(clients []row) error {
	table := e.tables.keys
	if !e.there(table) {
		return nil
	}
	rows, ok, err := e.read(table, fmt.Sprintf("SELECT client_id AS `%s`, encryption_algorithm AS `%s`, private_key AS `%s`, public_key AS `%s` FROM %s LIMIT %d",
		colKey, colKeyAlgorithm, colKeyPrivate, colKeyPublic, quoteName(table), 2*maxClients))
	if !ok {
		return err
	}
	look := keyLook{e: e, keys: map[string][]row{}, public: map[string][]string{}, defects: map[string][]string{}}
	for _, r := range rows {
		id := r.text(colKey)
		look.keys[id] = append(look.keys[id], r)
	}
	for _, client := range clients {
		if options := e.blogs[e.blogOf(client)]; options != nil && !openIDOff(options[optionOpenID]) {
			look.client(client, options)
		}
	}
	look.tellDefects()
	look.tellShared()
	return nil
}

// client looks at the key of a client. Without a row it is the client's secret.
func (l *keyLook) client(client row, options map[string]string) {
	id, stored := client.text("client_id"), row{}
	if rows := l.keys[id]; len(rows) > 0 {
		stored = rows[0]
		stored[colKey] = int64(1) // as in the statement of Identify
		if len(rows) > 1 {
			l.several = append(l.several, id)
		}
	}
	key := stored.signingKey()
	defect := key.Defect(client.client(!phpFalse(options[optionSecretsEncrypted])))
	public := strings.Join(strings.Fields(key.PublicKey), "")
	switch {
	case defect != nil:
		l.defects[defect.Error()] = append(l.defects[defect.Error()], id)
	case key.Algorithm == oauth.RS256 && phpFalse(options[optionOwnKeys]):
		l.foreign = append(l.foreign, id)
	case key.Algorithm == oauth.RS256 && public != "":
		l.public[public] = append(l.public[public], id)
	}
}

// tellDefects: a client that is to sign with a secret and has none may need no ID
// tokens; one that is to sign with a key was meant to have them.
func (l *keyLook) tellDefects() {
	for _, defect := range slices.Sorted(maps.Keys(l.defects)) {
		what, remedy, _ := strings.Cut(defect, "; ")
		problem := fmt.Sprintf("These clients get no ID tokens: %s. Of each is true: %s.", quoteIDs(l.defects[defect]), what)
		remedy = strings.ToUpper(remedy[:1]) + remedy[1:] + "."
		l.e.findings = append(l.e.findings, Finding{Problem: problem, Remedy: remedy, Advice: strings.Contains(what, oauth.HS256+" but")})
	}
	if len(l.several) > 0 {
		l.e.add(false, "Delete all but one in the table "+l.e.tables.keys+".",
			"These clients have more than one key, and chance says which one signs: %s.", quoteIDs(l.several))
	}
}

// tellShared: whoever knows the key that others have too signs what he likes.
func (l *keyLook) tellShared() {
	if len(l.foreign) > 0 {
		l.e.advise("In wp-admin save the client's JWT settings, or rotate the RSA keys on the plugin's page, and give the clients the new public key.",
			"The plugin has not noted that it made keys for this site (option %s), so these clients may sign with the key that earlier versions gave to every site, and that anybody can sign with: %s.",
			optionOwnKeys, quoteIDs(l.foreign))
	}
	var shared []string
	for _, clients := range l.public {
		if len(clients) > 1 {
			shared = append(shared, clients...)
		}
	}
	slices.Sort(shared)
	if len(shared) > 0 {
		l.e.advise("In wp-admin save the JWT settings of each, which gives it a key of its own.",
			"These clients share a key: %s.", quoteIDs(shared))
	}
}
