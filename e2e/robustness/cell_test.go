package robustness_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"moserver-sidecar/e2e/robustness/model"
	"moserver-sidecar/oauth"
)

// cell is one combination of settings.
type cell struct {
	model.Rules
	RotateAll bool
	Sealed    bool
}

// randomCell is the one that a seed stands for.
func randomCell(seed uint64) cell {
	cells := matrix()
	random := rand.New(rand.NewPCG(seed, 7))
	c := cells[random.IntN(len(cells))]
	c.Seed, c.Skewed = seed, random.IntN(4) == 0
	return c
}

// matrix is all cells.
func matrix() (cells []cell) {
	for _, rotateAll := range []bool{false, true} {
		for _, grace := range []time.Duration{0, time.Minute} {
			for _, reach := range []oauth.Reach{oauth.ReachGrant, oauth.ReachAll, oauth.ReachNone} {
				for _, sealed := range []bool{false, true} {
					for _, recorded := range []model.Recorded{model.Always, model.Never, model.Sometimes} {
						cells = append(cells, cell{RotateAll: rotateAll, Sealed: sealed,
							Rules: model.Rules{Reach: reach, Grace: grace, Recorded: recorded}})
					}
				}
			}
		}
	}
	return cells
}

// flags are the settings of a server.
func (c cell) flags() []string {
	rotate := "public"
	if c.RotateAll {
		rotate = "all"
	}
	reach := map[oauth.Reach]string{oauth.ReachGrant: "grant", oauth.ReachAll: "all", oauth.ReachNone: "none"}[c.Reach]
	return []string{"--rotate-refresh-tokens", rotate, "--rotation-grace", c.Grace.String(), "--revoke-access-tokens", reach}
}

// String is the cell as a report names it.
func (c cell) String() string {
	return fmt.Sprintf("%v, sealed codes %v, rotations recorded %s, a clock off by a minute %v", c.flags(), c.Sealed, c.Recorded, c.Skewed)
}
