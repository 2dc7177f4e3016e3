// Command xoauth2 is a client of golang.org/x/oauth2 for the end-to-end tests: it
// carries out the steps that it reads, one a line, as "code 1f2e…", and answers
// each with a line of JSON that has the tokens which it then holds.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/oauth2"
)

// answer is what a step came to. Error says in a few words what a program can
// know of an error.
type answer struct {
	OK           bool   `json:"ok"`
	AccessToken  string `json:"access_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	User         string `json:"user,omitempty"`
	Error        string `json:"error,omitempty"`
}

// client is what a program keeps of its grant.
type client struct {
	config oauth2.Config // its style of authentication is found out by the library
	token  *oauth2.Token
}

func main() {
	c := &client{
		config: oauth2.Config{
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			RedirectURL:  os.Getenv("REDIRECT_URI"),
			Endpoint:     oauth2.Endpoint{TokenURL: os.Getenv("SITE") + "/wp-json/moserver/token"},
		},
		token: &oauth2.Token{RefreshToken: os.Getenv("REFRESH_TOKEN")},
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(map[string]string{"version": version()}) // who does not read it notices
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		step, argument, _ := strings.Cut(lines.Text(), " ")
		_ = out.Encode(c.carryOut(step, argument))
	}
}

func (c *client) carryOut(step, argument string) (a answer) {
	var err error
	switch step {
	case "code":
		err = c.take(c.config.Exchange(context.Background(), argument))
	case "refresh":
		// A token source refreshes when the access token is over.
		expired := &oauth2.Token{RefreshToken: c.token.RefreshToken}
		err = c.take(c.config.TokenSource(context.Background(), expired).Token())
	case "resource":
		a.User, err = c.resource()
	default:
		err = fmt.Errorf("there is no step %q", step)
	}
	a.OK, a.AccessToken, a.RefreshToken = err == nil, c.token.AccessToken, c.token.RefreshToken
	if err != nil {
		a.Error = describe(err)
	}
	return a
}

func (c *client) take(token *oauth2.Token, err error) error {
	if err == nil {
		c.token = token
	}
	return err
}

func (c *client) resource() (string, error) {
	response, err := c.config.Client(context.Background(), c.token).Get(os.Getenv("SITE") + "/wp-json/moserver/resource")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", errors.New(response.Status)
	}
	var user struct{ Username string }
	err = json.NewDecoder(response.Body).Decode(&user)
	return user.Username, err
}

func describe(err error) string {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Sprintf("%T", err)
	}
	text := fmt.Sprintf("%T, Response.StatusCode %d", refused, refused.Response.StatusCode)
	if refused.ErrorCode != "" {
		text += ", ErrorCode " + refused.ErrorCode
	}
	return text
}

// version is that of the library, as go.mod has it.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "golang.org/x/oauth2" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}
