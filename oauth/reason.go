package oauth

// Reason is why a request was refused: a short name that never changes, for the log
// alone. It may tell what the client must not learn, such as which part of its
// credentials is wrong.
type Reason string

// Why a client is refused before its code or token is looked at.
const (
	ReasonGrantTypeMissing   Reason = "grant_type_missing"
	ReasonGrantTypeUnknown   Reason = "grant_type_unknown"
	ReasonGrantTypeForbidden Reason = "grant_type_forbidden"

	ReasonClientMissing    Reason = "client_missing" // no client_id was sent
	ReasonClientUnknown    Reason = "client_unknown"
	ReasonSecretMissing    Reason = "secret_missing"
	ReasonSecretWrong      Reason = "secret_wrong"
	ReasonSecretUnexpected Reason = "secret_unexpected" // of a public client
	ReasonSecretUnreadable Reason = "secret_unreadable" // as it is stored
	ReasonSecretNotMarked  Reason = "secret_not_marked" // right, if the site said that its secrets are encrypted
	ReasonSecretPlain      Reason = "secret_plain"      // right, if the site did not say so
	ReasonClientPublic     Reason = "client_public"     // where a secret is needed
)

// Why a code or token is refused. "Taken" is one that another request has used at
// the same moment.
const (
	ReasonCodeMissing  Reason = "code_missing"
	ReasonCodeUnknown  Reason = "code_unknown"
	ReasonCodeTaken    Reason = "code_taken"
	ReasonCodeReplayed Reason = "code_replayed" // what its first use has given is still there
	ReasonCodeExpired  Reason = "code_expired"
	ReasonCodeForeign  Reason = "code_of_another_client"
	ReasonRedirectURI  Reason = "redirect_uri_differs"

	ReasonCodeRaw            Reason = "code_not_sealed"  // it did not come by this server
	ReasonSealBroken         Reason = "code_seal_broken" // or made with another key
	ReasonSealOld            Reason = "code_seal_expired"
	ReasonVerifierMissing    Reason = "code_verifier_missing"
	ReasonVerifierWrong      Reason = "code_verifier_wrong"
	ReasonVerifierUnexpected Reason = "code_verifier_unexpected" // without a code_challenge
	ReasonResource           Reason = "resource_differs"

	ReasonRefreshMissing  Reason = "refresh_token_missing"
	ReasonRefreshUnknown  Reason = "refresh_token_unknown"
	ReasonRefreshTaken    Reason = "refresh_token_taken"
	ReasonRefreshReplaced Reason = "refresh_token_replaced"
	ReasonRefreshExpired  Reason = "refresh_token_expired"
	ReasonRefreshForeign  Reason = "refresh_token_of_another_client"

	ReasonTokenMissing Reason = "token_missing"
	ReasonTokenForeign Reason = "token_of_another_client"

	ReasonAccessMissing Reason = "access_token_missing"
	ReasonAccessUnknown Reason = "access_token_unknown"
	ReasonAccessExpired Reason = "access_token_expired"

	ReasonUserGone Reason = "user_gone"
	ReasonUserLeft Reason = "user_left"
	ReasonScope    Reason = "scope_too_wide"
)

// Why an authorization request is refused before the plugin sees it.
const (
	ReasonChallenge Reason = "code_challenge_malformed"
	ReasonNonce     Reason = "nonce_malformed"
	ReasonTarget    Reason = "resource_malformed"
)

// Why a document about a client is refused.
const (
	ReasonNoKeys     Reason = "client_has_no_keys"
	ReasonInvalidKey Reason = "key_unreadable"
)

// because is e with another reason.
func (e Error) because(r Reason) Error {
	e.Reason = r
	return e
}
