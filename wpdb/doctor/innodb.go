package doctor

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"moserver-sidecar/wpdb"
)

const (
	// bigIndexes is how large the indexes of all tokens are when it begins to matter how
	// InnoDB writes them. A new token changes a page at a random place of each. With a
	// million rows in each table (200 MiB) refreshes hardly slow down; with ten million
	// (2 GiB) the database needs twice the time for each.
	bigIndexes = 256 << 20
	// enoughLog is the largest log to propose: with ten million rows it is enough, and a
	// larger one makes a start after a crash slower.
	enoughLog = 2 << 30
	// poolStep is what InnoDB rounds the size of its buffer pool to.
	poolStep = 128 << 20
)

// innodb looks for settings that make big tables of tokens slow. innodb_io_capacity is
// left alone because nothing shows that it matters, the doublewrite buffer because data
// may be lost without it.
func (e *examination) innodb() error {
	values, err := wpdb.ServerVariables(e.ctx, e.SQL, "innodb_buffer_pool_size", "innodb_flush_neighbors",
		"innodb_redo_log_capacity", "innodb_log_file_size", "innodb_log_files_in_group")
	if err != nil {
		return err
	}
	all := e.tokenTables()
	if pool := integer(values["innodb_buffer_pool_size"]); pool > 0 && *all.Bytes > pool {
		e.advise(wpdb.KindBufferPool, e.set(all, "If the machine has that much memory to spare", "innodb_buffer_pool_size", (*all.Bytes+poolStep-1)/poolStep*poolStep),
			"The tables of tokens have %d MiB, but InnoDB keeps only %d MiB in memory (innodb_buffer_pool_size), so requests wait until a page is read from the disk.",
			*all.Bytes>>20, pool>>20)
	}
	if all.indexBytes < bigIndexes {
		return nil
	}
	if neighbors := integer(values["innodb_flush_neighbors"]); neighbors > 0 {
		e.advise(wpdb.KindFlushNeighbors, e.set(all, "If the data is on an SSD (MariaDB recognizes one by itself, except in most virtual machines)", "innodb_flush_neighbors", 0),
			"The indexes of tokens have %d MiB, and with innodb_flush_neighbors=%d InnoDB writes the pages around each changed page too, which doubles the cost of a new token on an SSD.",
			all.indexBytes>>20, neighbors)
	}
	if log := redoLogOf(values); log.bytes > 0 && log.bytes < min(all.indexBytes, enoughLog) {
		want := min(int64(1)<<bits.Len64(uint64(all.indexBytes-1)), enoughLog)
		e.advise(wpdb.KindRedoLog, e.set(all, "If the disk has room for it", log.setting, want/log.files),
			"The indexes of tokens have %d MiB, but InnoDB's log has only %d MiB (%s), so it writes the same pages to the disk again and again.",
			all.indexBytes>>20, log.bytes>>20, log.setting)
	}
	return nil
}

// tokenTables sums up the tables of codes and tokens.
func (e *examination) tokenTables() TableFacts {
	all := TableFacts{Bytes: new(int64(0)), Rows: new(int64(0))}
	for _, f := range e.facts.Tables {
		if !slices.Contains([]string{e.Tables.Codes, e.Tables.AccessTokens, e.Tables.RefreshTokens, e.Tables.Rotated}, f.Name) ||
			!strings.EqualFold(f.Engine, "InnoDB") || f.Bytes == nil || f.Rows == nil {
			continue
		}
		*all.Bytes, *all.Rows = *all.Bytes+*f.Bytes, *all.Rows+*f.Rows
		all.indexBytes, all.purgeable = all.indexBytes+f.indexBytes, all.purgeable+f.purgeable
	}
	return all
}

// set is the remedy that changes a variable of the server, on a condition. If most rows
// are only waiting to be purged, that comes first.
func (e *examination) set(all TableFacts, condition, name string, value int64) string {
	setting := fmt.Sprintf("%s = %d", name, value)
	remedy := "put " + setting + " below [mysqld] in its configuration and restart it"
	// Every other variable can be set in every version that is still in use.
	if name != "innodb_log_file_size" || e.facts.Server.Kind == "MariaDB" && !versionBefore(e.facts.Server.Version, 10, 9) {
		remedy = "run: SET GLOBAL " + setting + "; and put " + setting + " below [mysqld] in its configuration"
	}
	remedy = condition + ", as an administrator of the database " + remedy + ". If a hosting company runs it, ask its support."
	if *all.Rows < 2*all.purgeable {
		return "Most of these rows have expired, so first run: " + e.Command("purge") + "\n" + remedy
	}
	return remedy
}

// redoLog is InnoDB's log as the variables have it.
type redoLog struct {
	setting      string // what changes its size
	bytes, files int64  // 0 bytes: unknown; the setting is the size of each file
}

// redoLogOf knows MySQL from 8.0.30 on, which may take its capacity from the older
// variables, and the others, of which MariaDB has a single file from 10.5 on.
func redoLogOf(values map[string]string) redoLog {
	files := max(1, integer(values["innodb_log_files_in_group"]))
	bytes := files * integer(values["innodb_log_file_size"])
	if capacity := integer(values["innodb_redo_log_capacity"]); capacity > 0 {
		return redoLog{setting: "innodb_redo_log_capacity", bytes: max(bytes, capacity), files: 1}
	}
	return redoLog{setting: "innodb_log_file_size", bytes: bytes, files: files}
}

// integer is the value of a variable or an option, 0 if it is unknown.
func integer(value string) int64 {
	n, _ := strconv.ParseInt(value, 10, 64)
	return n
}
