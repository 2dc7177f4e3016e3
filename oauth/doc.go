// Package oauth is the protocol of the token endpoint: which grant is judged
// how, what is answered, and in which order (RFC 6749, RFC 7009), with the
// error codes of the WordPress plugin whose endpoint this server stands in for.
//
// It knows neither HTTP nor SQL. Handlers give it a Request that is parsed
// already; a Store, which it declares and others implement, keeps the tokens.
package oauth
