package oauth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// cutLength is where the id_token column of older tables ends.
const cutLength = 255

// storedIDToken is the ID token that PHP has made for this code, empty unless
// it is surely this code's.
//
// The code's own row says it best. Where the row is cut, the rest is in an
// option that each login on the site overwrites, so what is there may be
// anybody's. It counts only if it begins with all that the row has, and then
// passes the same checks as the row's: the signature, the issuer, the client and
// the user. Those still let pass a later login of the same user at the same client, whose
// nonce is another: it was issued later than this code.
func (x *exchange) storedIDToken(s signer, issuer string, stored StoredIDToken) string {
	if _, ok := x.verify(s, issuer, stored.OfCode); ok {
		return stored.OfCode
	}
	if len(stored.OfCode) < cutLength || !strings.HasPrefix(stored.Current, stored.OfCode) {
		return ""
	}
	claims, ok := x.verify(s, issuer, stored.Current)
	if !ok || claims.IssuedAt.Add(codeLifetime).After(x.facts.Grant.Expires) {
		return ""
	}
	return stored.Current
}

// nonce is the authorization request's: from the seal, or else from the text in the
// code's row, if that has it. PHP wrote the row for this code, so its payload needs no
// signature to be believed, only to have the nonce in full and to be of this
// client and user.
func (x *exchange) nonce(ofCode string) string {
	if x.seal != nil {
		return x.seal.nonce
	}
	claims := cutClaims(ofCode)
	if claims["aud"] != x.facts.Client.ID || claims["sub"] != strconv.FormatInt(x.facts.Grant.UserID, 10) {
		return ""
	}
	return claims["nonce"]
}

// cutClaims are the text claims that an ID token still has in full when its end
// is cut off.
func cutClaims(token string) map[string]string {
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return nil
	}
	payload := parts[1]
	if len(parts) == 2 && len(payload)%4 == 1 {
		payload = payload[:len(payload)-1] // the cut has left less than a byte
	}
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	claims := map[string]string{}
	for {
		name, err := decoder.Token()
		if err != nil {
			return claims
		}
		key, isName := name.(string)
		value, err := decoder.Token()
		if _, nested := value.(json.Delim); err != nil || nested || !isName {
			return claims
		}
		if text, ok := value.(string); ok {
			claims[key] = text
		}
	}
}
