package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// metadataRoute are the addresses of the metadata for AI clients: of the authorization
// server (RFC 8414, 3) and of the protected resource (RFC 9728, 3). What stands before
// and after is the path of what is described.
var metadataRoute = regexp.MustCompile(`(?i)^(.*)/\.well-known/oauth-(authorization-server|protected-resource)((?:/.*)?)$`)

// maxMetadata is the size of a document that is read to be changed.
const maxMetadata = 64 << 10

// document is a JSON object, of which only some members are known.
type document map[string]json.RawMessage

// metadata is WordPress's document of either kind, corrected: it alone knows where
// clients register, and its other claims are true of PHP alone, or of nothing.
func (s *server) metadata(c echo.Context) error {
	m := metadataRoute.FindStringSubmatch(requestPath(c.Request()))
	if m == nil {
		return errNoRoute
	}
	correct := correctServer
	if strings.EqualFold(m[2], "protected-resource") {
		correct = correctResource
	}
	c.Request().Header.Del(echo.HeaderAcceptEncoding) // it has to be read
	return s.upstream.pass(c, func(answer *http.Response) error {
		d, err := readDocument(answer)
		if d == nil || err != nil {
			return err
		}
		return s.withDatabase(c, func(ctx context.Context) error {
			about, err := s.tokens.Metadata(ctx)
			if err != nil {
				return err
			}
			correct(d, strings.TrimSuffix(m[1]+m[3], "/"), about)
			return replaceBody(answer, d)
		})
	})
}

// requestPath is the path that a request came with, whatever route it was given.
func requestPath(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return ""
	}
	return u.Path
}

// correctServer is about the authorization server whose issuer has the path.
func correctServer(d document, path string, about oauth.Metadata) {
	home := d.text("issuer")
	maps.DeleteFunc(d, func(_ string, value json.RawMessage) bool { return string(value) == "[]" }) // RFC 8414, 3.2
	d.set("issuer", origin(home)+path)
	if d["response_types_supported"] == nil {
		d.set("response_types_supported", []string{"code"})
	}
	d.add("grant_types_supported", string(oauth.GrantAuthorizationCode), string(oauth.GrantRefreshToken))
	confidential := []string{"client_secret_post", "client_secret_basic"}
	d.add("token_endpoint_auth_methods_supported", confidential...)
	if about.PublicClients {
		d.add("token_endpoint_auth_methods_supported", "none")
	}
	if base, ok := strings.CutSuffix(d.text("token_endpoint"), "/token"); ok {
		d.set("revocation_endpoint", base+"/revoke")
		d["revocation_endpoint_auth_methods_supported"] = d["token_endpoint_auth_methods_supported"]
		d.set("introspection_endpoint", base+"/introspect")
		d.set("introspection_endpoint_auth_methods_supported", confidential)
	}
	delete(d, "code_challenge_methods_supported")
	if about.Sealed {
		d.set("code_challenge_methods_supported", []string{oauth.MethodS256})
		d.set("authorization_response_iss_parameter_supported", home == origin(home)+path) // see Authorized
	}
}

// correctResource is about the resource that has the path. Without a path the document
// was found through the resource's own 401, and names the right one (RFC 9728, 5.1).
func correctResource(d document, path string, _ oauth.Metadata) {
	if named := d.text("resource"); named != "" && path != "" {
		d.set("resource", origin(named)+path)
	}
}

// origin is the scheme and the host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (d document) text(name string) (value string) {
	_ = json.Unmarshal(d[name], &value) // another type is no text
	return value
}

func (d document) set(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // they are texts, lists of texts and truth values
	}
	d[name] = text
}

// add adds those values to a list that it does not have.
func (d document) add(name string, values ...string) {
	var list []string
	_ = json.Unmarshal(d[name], &list) // what is no list of texts is none that could be true
	for _, value := range values {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	d.set(name, list)
}

// readDocument reads an answer that is a JSON object; of any other d is nil, and the
// answer stays unchanged.
func readDocument(answer *http.Response) (d document, err error) {
	if answer.StatusCode != http.StatusOK || answer.ContentLength > maxMetadata || answer.Header.Get(echo.HeaderContentEncoding) != "" {
		return nil, nil
	}
	body, err := peek(answer, maxMetadata)
	if err != nil {
		return nil, errBroken
	}
	if json.Unmarshal(body, &d) != nil || len(d) == 0 {
		return nil, nil
	}
	return d, answer.Body.Close()
}

// peek reads the first n bytes of an answer, which it still has afterwards.
func peek(answer *http.Response, n int64) ([]byte, error) {
	beginning, err := io.ReadAll(io.LimitReader(answer.Body, n))
	answer.Body = readCloser{io.MultiReader(bytes.NewReader(beginning), answer.Body), answer.Body}
	return beginning, err
}

// readCloser reads from one and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

func replaceBody(answer *http.Response, d document) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	answer.Body, answer.ContentLength, answer.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	answer.Header.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	answer.Header.Del("ETag") // of the other text
	return nil
}
