package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
)

// kinds are those of the tables that a token request changes.
func kinds() []string { return []string{"code", "refresh", "access"} }

// effectName is what the cases call a table.
func effectName(kind string) string {
	if kind == "code" {
		return "codes"
	}
	return kind
}

// snapshot is all rows of the tables, as JSON, by kind.
func (s *site) snapshot() map[string][]string {
	s.t.Helper()
	rows := map[string][]string{}
	for _, kind := range kinds() {
		name, column := stage.Table(kind)
		more := ""
		if kind == "code" {
			more = ", 'redirect_uri', redirect_uri, 'id_token', id_token"
		}
		rows[kind] = s.Strings("SELECT JSON_OBJECT('" + column + "', " + column + ", 'client_id', client_id, " +
			"'user_id', user_id, 'expires', CAST(expires AS CHAR), 'scope', scope" + more + ") FROM " + name)
	}
	return rows
}

// effects is what changed between two snapshots: rows that are new, with what
// differs from run to run described, and the tokens of rows that are gone.
func effects(before, after map[string][]string, now time.Time) map[string]any {
	changes := map[string]any{}
	for _, kind := range kinds() {
		_, column := stage.Table(kind)
		var inserted, deleted []any
		for _, r := range without(after[kind], before[kind]) {
			inserted = append(inserted, describeRow(r, now))
		}
		for _, r := range without(before[kind], after[kind]) {
			deleted = append(deleted, r[column])
		}
		if inserted != nil {
			changes[effectName(kind)+"_inserted"] = inserted
		}
		if deleted != nil {
			changes[effectName(kind)+"_deleted"] = deleted
		}
	}
	return changes
}

// without is the rows of all that are not among some. A row that is there
// twice is told from one that is there once.
func without(all, some []string) (rows []map[string]any) {
	count := map[string]int{}
	for _, text := range some {
		count[text]++
	}
	for _, text := range all {
		if count[text]--; count[text] >= 0 {
			continue
		}
		row := map[string]any{}
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			row["unreadable"] = text // and so equal to no row of a case
		}
		rows = append(rows, row)
	}
	return rows
}

// describe puts descriptions in the place of tokens that the server has made. What was
// recorded of the plugin's is how long they are, and so the random part of ours must be.
func describe(body map[string]any) map[string]any {
	described := maps.Clone(body)
	for name, value := range body {
		token, isString := value.(string)
		if strings.HasSuffix(name, "_token") && isString && regexp.MustCompile("^[0-9a-f]{16,}$").MatchString(token) {
			described[name] = fmt.Sprintf("<hex %d, without a family>", len(token))
			if family := oauth.FamilyOf(oauth.Presented{Kind: oauth.AccessToken, Value: token}); family != "" {
				described[name] = fmt.Sprintf("<hex %d>", len(token)-len(family))
			}
		}
		if name == "id_token" && isString && strings.Count(token, ".") == 2 {
			described[name] = "<jwt>"
		}
	}
	return described
}

// describeRow also describes the moment that a row expires. Requests take some
// time, so ten seconds count as one.
func describeRow(row map[string]any, now time.Time) map[string]any {
	row = describe(row)
	text, _ := row["expires"].(string)
	if row["expires"] == nil || strings.HasPrefix(text, "0000") || strings.HasPrefix(text, "1970") {
		row["expires"] = "<never>"
	} else if expires, err := time.Parse(time.DateTime, text); err == nil {
		row["expires"] = fmt.Sprintf("<now+%d>", int(expires.Sub(now).Round(10*time.Second)/time.Second))
	}
	return row
}
