package clients_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/oauth2"
)

// goClientName is what this test program is called where it is the client.
const goClientName = "xoauth2"

// goClient is a client of golang.org/x/oauth2, and what it keeps of its grant.
type goClient struct {
	config oauth2.Config // its style of authentication is found out by the library
	token  *oauth2.Token
}

// runGoClient is the program xoauth2, a session as the other libraries' are.
func runGoClient() {
	c := &goClient{
		config: oauth2.Config{
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			RedirectURL:  os.Getenv("REDIRECT_URI"),
			Endpoint:     oauth2.Endpoint{TokenURL: os.Getenv("SITE") + "/wp-json/moserver/token"},
		},
		token: &oauth2.Token{RefreshToken: os.Getenv("REFRESH_TOKEN")},
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(said{Version: goVersion()}) // who does not read it notices
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		step, argument, _ := strings.Cut(lines.Text(), " ")
		_ = out.Encode(c.carryOut(step, argument))
	}
}

func (c *goClient) carryOut(step, argument string) (a said) {
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

func (c *goClient) take(token *oauth2.Token, err error) error {
	if err == nil {
		c.token = token
	}
	return err
}

func (c *goClient) resource() (string, error) {
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

// goVersion is the version of the library, as go.mod has it, which is in workdir too.
func goVersion() string {
	text, _ := os.ReadFile("go.mod") // without it, there is no version
	_, rest, _ := strings.Cut(string(text), "golang.org/x/oauth2 v")
	version, _, _ := strings.Cut(rest, "\n")
	return version
}
