// Package handlers is the HTTP side of the server: it turns a request into an
// oauth.Request, and what came of it into a response, as WordPress's REST API
// and RFC 6749 have them. It is the only package that knows Echo.
package handlers
