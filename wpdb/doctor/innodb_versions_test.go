package doctor

import (
	"strings"
	"testing"
)

// TestRedoLogSettings has the variables of servers that the other tests do not run on:
// which one sets the size of the log, to what, and whether that needs a restart.
func TestRedoLogSettings(t *testing.T) {
	for server, is := range map[string]struct {
		variables map[string]string
		log       redoLog
		remedy    string
	}{
		"MySQL 8.0.29": {map[string]string{"innodb_log_file_size": "50331648", "innodb_log_files_in_group": "2"},
			redoLog{"innodb_log_file_size", 96 << 20, 2}, "put innodb_log_file_size = 1 below [mysqld] in its configuration and restart it."},
		"MySQL 8.0.30": {map[string]string{"innodb_log_file_size": "50331648", "innodb_log_files_in_group": "2", "innodb_redo_log_capacity": "104857600"},
			redoLog{"innodb_redo_log_capacity", 100 << 20, 1}, "run: SET GLOBAL innodb_redo_log_capacity = 1; and put"},
		"MySQL 8.0.31": {map[string]string{"innodb_log_file_size": "1073741824", "innodb_log_files_in_group": "2", "innodb_redo_log_capacity": "104857600"},
			redoLog{"innodb_redo_log_capacity", 2 << 30, 1}, "run: SET GLOBAL innodb_redo_log_capacity = 1; and put"},
		"MySQL 9.7.0": {map[string]string{"innodb_redo_log_capacity": "104857600"},
			redoLog{"innodb_redo_log_capacity", 100 << 20, 1}, "run: SET GLOBAL innodb_redo_log_capacity = 1; and put"},
		"MariaDB 10.4.34-MariaDB": {map[string]string{"innodb_log_file_size": "50331648", "innodb_log_files_in_group": "2"},
			redoLog{"innodb_log_file_size", 96 << 20, 2}, "put innodb_log_file_size = 1 below [mysqld] in its configuration and restart it."},
		"MariaDB 10.6.22-MariaDB": {map[string]string{"innodb_log_file_size": "100663296"},
			redoLog{"innodb_log_file_size", 96 << 20, 1}, "put innodb_log_file_size = 1 below [mysqld] in its configuration and restart it."},
		"MariaDB 10.9.1-MariaDB": {map[string]string{"innodb_log_file_size": "100663296"},
			redoLog{"innodb_log_file_size", 96 << 20, 1}, "run: SET GLOBAL innodb_log_file_size = 1; and put"},
		"unknown": {nil, redoLog{"innodb_log_file_size", 0, 1}, ""},
	} {
		e := &examination{}
		e.facts.Server.Kind, e.facts.Server.Version, _ = strings.Cut(server, " ")
		log := redoLogOf(is.variables)
		remedy := e.set(TableFacts{Rows: new(int64(1))}, "If", log.setting, 1)
		if log != is.log || !strings.Contains(remedy, is.remedy) {
			t.Errorf("%s: %+v, %s", server, log, remedy)
		}
	}
}
