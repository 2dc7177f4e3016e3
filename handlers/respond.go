package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"
)

// jsonType is the type of WordPress's REST answers.
const jsonType = "application/json; charset=UTF-8"

// respond writes a response of JSON. There is nothing to be done about a client
// that is not there any more to read it, so it returns no error.
func respond(c echo.Context, status int, body any) {
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the response types of this package can be marshalled
	}
	_ = c.Blob(status, jsonType, text)
}
