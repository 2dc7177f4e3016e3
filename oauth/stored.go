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
	nonce, _ := claims["nonce"].(string)
	return nonce
}

// cutClaims are the claims that an ID token still has when its end is cut off. Those that
// are texts are there in full.
func cutClaims(token string) (claims map[string]any) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, _ := base64.RawURLEncoding.DecodeString(payload) // as far as it goes
	if json.Unmarshal(text, &claims) == nil {
		return claims
	}
	for end := len(text); end > 0; end = bytes.LastIndexByte(text[:end], ',') {
		if json.Unmarshal(append(text[:end:end], '}'), &claims) == nil {
			return claims
		}
	}
	return nil
}
