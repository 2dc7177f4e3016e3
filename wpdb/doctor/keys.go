package doctor

import (
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// keyLook gathers what keys have in common, so that each finding is one.
type keyLook struct {
	e       *examination
	keys    map[string][]wpdb.Row // by client
	public  map[string][]string   // clients by the text of their public key
	defects map[error][]string    // clients by what is wrong with their key
	weak    []string              // clients whose key is short
	several []string              // clients with more than one key
	foreign []string              // clients whose site has not made a key of its own
}

// keys looks at the keys that ID tokens are signed with.
func (e *examination) keys(clients []wpdb.Row) error {
	table := e.Tables.Keys
	if !e.there(table) {
		return nil
	}
	rows, ok, err := e.read(table, fmt.Sprintf("SELECT client_id AS `%s`, encryption_algorithm AS `%s`, private_key AS `%s`, public_key AS `%s` FROM %s LIMIT %d",
		wpdb.ColKey, wpdb.ColKeyAlgorithm, wpdb.ColKeyPrivate, wpdb.ColKeyPublic, wpdb.QuoteName(table), 2*maxClients))
	if !ok {
		return err
	}
	look := keyLook{e: e, keys: map[string][]wpdb.Row{}, public: map[string][]string{}, defects: map[error][]string{}}
	for _, r := range rows {
		id := r.Text(wpdb.ColKey)
		look.keys[id] = append(look.keys[id], r)
	}
	for _, client := range clients {
		if options := e.blogs[e.blogOf(client)]; options != nil && !wpdb.OpenIDOff(options[wpdb.OptionOpenID]) {
			look.client(client, options)
		}
	}
	look.tellDefects()
	look.tellShared()
	return nil
}

// client looks at the key of a client, which is its secret if there is no row.
func (l *keyLook) client(client wpdb.Row, options wpdb.Options) {
	id, stored := client.Text("client_id"), wpdb.Row{}
	if rows := l.keys[id]; len(rows) > 0 {
		stored = rows[0]
		if len(rows) > 1 {
			l.several = append(l.several, id)
		}
	}
	key := stored.SigningKey()
	weak, defect := key.Judge(client.Client(!wpdb.PHPFalse(options[wpdb.OptionSecretsEncrypted])))
	if weak {
		l.weak = append(l.weak, id)
	}
	public := strings.Join(strings.Fields(key.PublicKey), "")
	switch {
	case defect != nil:
		l.defects[defect] = append(l.defects[defect], id)
	case key.Algorithm == oauth.RS256 && wpdb.PHPFalse(options[optionOwnKeys]):
		l.foreign = append(l.foreign, id)
	case key.Algorithm == oauth.RS256 && public != "":
		l.public[public] = append(l.public[public], id)
	}
}

// tellDefects: a client set to sign with a secret that it lacks may need no ID tokens;
// one set to sign with a key does.
func (l *keyLook) tellDefects() {
	for _, of := range []struct {
		defect oauth.Defect
		kind   wpdb.Kind
	}{
		{oauth.ErrKeyUnreadable, wpdb.KindKeyUnreadable}, {oauth.ErrKeyShort, wpdb.KindKeyShort},
		{oauth.ErrKeyAlgorithm, wpdb.KindKeyAlgorithm}, {oauth.ErrKeySecret, wpdb.KindKeySecret},
	} {
		if clients := l.defects[of.defect]; len(clients) > 0 {
			l.e.findings = append(l.e.findings, wpdb.Finding{
				Kind: of.kind, Advice: of.kind == wpdb.KindKeySecret,
				Problem: fmt.Sprintf("These clients get no ID tokens: %s. Reason: %s.", quoteIDs(clients), of.defect.What),
				Remedy:  strings.ToUpper(of.defect.Remedy[:1]) + of.defect.Remedy[1:] + ".",
			})
		}
	}
	if len(l.weak) > 0 {
		l.e.advise(wpdb.KindKeyWeak, "In the JWT settings of each in wp-admin save HS256, then RS256, which makes a new key, and give the clients the new public key.",
			"The RSA keys of these clients are shorter than 2048 bits, which RFC 7518 forbids and some libraries refuse: %s.", quoteIDs(l.weak))
	}
	if len(l.several) > 0 {
		l.e.add(wpdb.KindKeysSeveral, false, "Delete all but one in the table "+l.e.Tables.Keys+".",
			"These clients have more than one key, and it is undefined which one signs: %s.", quoteIDs(l.several))
	}
}

// tellShared: one client's key must not sign for another.
func (l *keyLook) tellShared() {
	if len(l.foreign) > 0 {
		l.e.advise(wpdb.KindKeyCommon, "In the client's JWT settings in wp-admin choose \"Rotate now\" (or save HS256, then RS256), which makes a new key, and give the clients the new public key.",
			"The plugin has not noted that it made keys for this site (option %s), so these clients may sign with the key that earlier versions gave to every site, and that anybody can use: %s.",
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
		l.e.advise(wpdb.KindKeyShared, "In the JWT settings of each in wp-admin save HS256, then RS256, which makes a key of its own.",
			"These clients share a key: %s.", quoteIDs(shared))
	}
}
