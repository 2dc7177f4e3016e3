package stage

// Flush has the database write all that it holds in memory. Without it MariaDB
// cannot be started again when it is killed in the first seconds of a new data
// directory.
func (s *Site) Flush() {
	s.T.Helper()
	s.Exec("SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0")
	s.Exec("SET GLOBAL innodb_max_dirty_pages_pct = 0")
	Eventually(s.T, Patience, "the database has no dirty pages", func() bool {
		return s.Status("Innodb_buffer_pool_pages_dirty") == 0
	})
}
