package wpdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/oauth"
)

// Denied reports whether the account lacks a privilege for what it tried.
func Denied(err error) bool {
	return ErrorNumber(err) == ErrTableDenied || ErrorNumber(err) == ErrColumnDenied
}

// fault is what an error of the database means for the work that met it.
type fault int

const (
	// FaultLasting: the same statement would fail again.
	FaultLasting fault = iota
	// FaultConflict: another transaction was in the way; this one was rolled back or can be.
	FaultConflict
	// faultBusy: the server refuses for now; nothing was done, unless a COMMIT was interrupted.
	faultBusy
	// FaultLost: the connection is gone. What was sent last may have been done.
	FaultLost
)

// Numbers of server errors that mean more than "it failed", from the manuals of
// MySQL and MariaDB.
const (
	ErrAccessDeniedDB  = 1044
	ErrAccessDenied    = 1045
	errNoCluster       = 1047
	ErrUnknownDatabase = 1049
	errShutdown        = 1053
	ErrUnknownColumn   = 1054
	ErrSyntax          = 1064
	ErrHostBlocked     = 1129
	ErrTableDenied     = 1142
	ErrColumnDenied    = 1143
	ErrNoSuchTable     = 1146
	errInterrupted     = 1317
	ErrStatementBinlog = 1665
	ErrNoSocketAccount = 1698 // access denied without asking for a password
	ErrOneStatement    = 4501 // MySQL Router, where it shares connections, takes no more than one at a time
)

func conflictErrors() []uint16 {
	return []uint16{
		1205, // lock wait timeout
		1213, // deadlock; on Galera: lost certification, at COMMIT too
		1020, // the row has changed since it was read (MariaDB)
		3101, // group replication has rolled the transaction back
		3572, // a row is locked, and the statement does not wait (MySQL)
	}
}

func busyErrors() []uint16 {
	return slices.Concat(ReadOnlyErrors(), fullErrors(), connectionErrors(), interruptErrors(), []uint16{
		errNoCluster,   // a Galera node without its cluster
		errShutdown,    // shutdown in progress
		ErrHostBlocked, // until an administrator runs FLUSH HOSTS
	})
}

// interruptErrors are those of a statement that was killed or took too long. A COMMIT may
// have been carried out all the same.
func interruptErrors() []uint16 { return []uint16{errInterrupted, 1969, 3024} }

// ErrCutShort is for a statement of which the server should have done more. It is tried again.
var ErrCutShort error = &mysql.MySQLError{Number: errInterrupted, Message: "Query execution was interrupted"}

// leaveErrors are those of a server that another one replaces.
func leaveErrors() []uint16 {
	return append(ReadOnlyErrors(), errNoCluster, errShutdown)
}

// ReadOnlyErrors are those of a server that is read-only, as during a fail-over.
func ReadOnlyErrors() []uint16 { return []uint16{1290, 1792, 1836} }

// connectionErrors: there are too many connections, of all users or of this one.
func connectionErrors() []uint16 { return []uint16{1040, 1203, 1226} }

// crowded reports whether the server has no connection left. The account's limits of what it
// may do within an hour have the number of one of these errors: where they are reached,
// closing connections would only use up more of them.
func crowded(err error) bool {
	return slices.Contains(connectionErrors(), ErrorNumber(err)) && !strings.Contains(err.Error(), "_per_hour")
}

// fullErrors: the disk or the table is full.
func fullErrors() []uint16 { return []uint16{1021, 1114} }

// refusal is an ErrUnavailable of a database that answers, but denies its user
// something. It repeats what the server says.
type refusal struct {
	text    string
	account bool // ErrRefused
}

// Error implements error.
func (r refusal) Error() string { return "the database refuses its user: " + r.text }

// Is makes it an oauth.ErrUnavailable.
func (r refusal) Is(target error) bool {
	return target == oauth.ErrUnavailable || r.account && target == ErrRefused
}

// ErrRefused is an oauth.ErrUnavailable where the server refuses the account, its
// password or the database, as when they have changed. Nothing was done, so the same
// may be tried with other settings.
var ErrRefused = errors.New("the database refuses its user")

// refused reports whether an error becomes ErrRefused.
func refused(err error) bool {
	return slices.Contains([]uint16{ErrAccessDenied, ErrAccessDeniedDB, ErrUnknownDatabase, ErrNoSocketAccount}, ErrorNumber(err))
}

// writesOnly reports whether an error is one that only writes meet.
func writesOnly(err error) bool {
	return slices.Contains(append(ReadOnlyErrors(), fullErrors()...), ErrorNumber(err))
}

func lostErrors() []uint16 {
	return []uint16{
		1180,                   // an error during COMMIT, which may have happened all the same
		1158, 1159, 1160, 1161, // reading or writing the network failed
		1927, // the connection was killed (MariaDB)
	}
}

// FaultOf classifies an error of the driver.
func FaultOf(err error) fault {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		switch {
		case slices.Contains(conflictErrors(), server.Number):
			return FaultConflict
		case slices.Contains(busyErrors(), server.Number):
			return faultBusy
		case slices.Contains(lostErrors(), server.Number):
			return FaultLost
		}
		return FaultLasting
	}
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET), errors.Is(err, fs.ErrNotExist),
		errors.As(err, &network):
		return FaultLost
	}
	return FaultLasting
}

// ErrorNumber is the number of a server error, 0 for all others.
func ErrorNumber(err error) uint16 {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		return server.Number
	}
	return 0
}

// Unavailable is the error that leaves the package. It has a description instead of
// the cause, whose text may quote a statement and so a token.
func Unavailable(err error) error {
	if errors.Is(err, oauth.ErrNotFound) || errors.Is(err, context.Canceled) {
		return err
	}
	if Denied(err) || refused(err) {
		return refusal{Describe(err), refused(err)}
	}
	return fmt.Errorf("%w: %s", oauth.ErrUnavailable, Describe(err))
}

// quotableErrors are those whose messages have names and no values.
func quotableErrors() []uint16 {
	return slices.Concat(ReadOnlyErrors(), fullErrors(), connectionErrors(), []uint16{
		ErrAccessDenied, ErrAccessDeniedDB, ErrNoSocketAccount, ErrUnknownDatabase, ErrUnknownColumn, ErrNoSuchTable,
		ErrTableDenied, ErrColumnDenied, 1205, 1213, errNoCluster, errShutdown,
	})
}

// Describe is an error in words, without values that were sent.
func Describe(err error) string {
	var server *mysql.MySQLError
	if errors.Is(err, context.DeadlineExceeded) {
		return "the server has not answered in time"
	}
	if !errors.As(err, &server) {
		return err.Error()
	}
	switch {
	case slices.Contains(quotableErrors(), server.Number):
		return fmt.Sprintf("the server says %q (error %d)", server.Message, server.Number)
	case server.Number == ErrHostBlocked:
		return fmt.Sprintf("the server has blocked this machine after too many broken connections, and WordPress with it if its PHP runs here; "+
			"as an administrator of the database run FLUSH HOSTS (it says %q, error %d)", server.Message, server.Number)
	case server.Number == ErrStatementBinlog:
		return "the server logs statements (binlog_format=STATEMENT), which does not work with READ COMMITTED; " +
			"set binlog_format to MIXED or ROW (error 1665)"
	}
	return fmt.Sprintf("the server reports error %d", server.Number)
}

// Outcome is the error that leaves a migration or a purge.
func Outcome(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, oauth.ErrUnavailable):
		return err
	}
	return Unavailable(err)
}
