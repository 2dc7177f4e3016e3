package wpdb

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The options of WordPress that the address of an avatar depends on.
const (
	optionAvatarDefault = "avatar_default"
	optionAvatarRating  = "avatar_rating"
	OptionDBVersion     = "db_version"
)

// db_version of two versions of WordPress; the database knows no other version number.
const (
	httpsDBVersion  = 58975 // 6.7: the address is always https
	sha256DBVersion = 60421 // 6.8: SHA-256 of the e-mail address instead of MD5
)

// IdentityOptions is the names of the options that an ID token depends on.
func IdentityOptions() []string {
	return []string{optionAvatarDefault, optionAvatarRating, OptionDBVersion, OptionOpenID, OptionHome, OptionPermalinks}
}

// avatar is the address of a user's picture without its scheme, as WordPress's
// get_avatar_url makes it in the usual size; if the version of WordPress is unknown,
// as from 6.8 on. Before 6.7 an http site, by its address home, used one of three servers.
func avatar(email, home string, options values) string {
	email = strings.ToLower(strings.TrimSpace(email))
	version, _ := strconv.Atoi(options.Text(OptionDBVersion))
	host, hash := "secure.gravatar.com", ""
	if digest := sha256.Sum256([]byte(email)); email != "" {
		hash = hex.EncodeToString(digest[:])
	}
	if digest := md5.Sum([]byte(email)); email != "" && version > 0 && version < sha256DBVersion {
		hash = hex.EncodeToString(digest[:])
		if version < httpsDBVersion && !strings.HasPrefix(strings.ToLower(home), "https:") {
			host = fmt.Sprintf("%d.gravatar.com", digest[0]>>4%3)
		}
	}
	return host + "/avatar/" + hash + avatarQuery(options)
}

// avatarQuery: 'mystery' is WordPress's default and goes by the name 'mm';
// 'gravatar_default' leaves the picture to Gravatar.
func avatarQuery(options values) string {
	query := "?s=96"
	picture := options.Text(optionAvatarDefault)
	switch picture {
	case "", "mystery", "mysteryman":
		picture = "mm"
	case "gravatar_default":
		picture = ""
	}
	if picture != "" {
		query += "&d=" + rawURLEncode(picture)
	}
	if rating := strings.ToLower(options.Text(optionAvatarRating)); rating != "" {
		query += "&r=" + rawURLEncode(rating)
	}
	return query
}

// rawURLEncode is PHP's function of that name (RFC 3986, 2.3).
func rawURLEncode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
