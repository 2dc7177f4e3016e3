// Package oauth is the protocol of the token endpoint: how each grant is judged,
// in which order, and what is answered (RFC 6749, RFC 7009), with the error codes of
// the WordPress plugin.
//
// It knows neither HTTP nor SQL. Handlers give it a Request that is parsed
// already; a Store, which it declares and others implement, keeps the tokens.
package oauth
