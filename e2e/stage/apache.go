package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// apacheMain is what Debian's apache2.conf and a2enmod are before a site.
const apacheMain = `ServerRoot %[1]s
DefaultRuntimeDir %[1]s
PidFile %[1]s/apache.pid
ErrorLog /dev/stderr
LogLevel info
ServerName localhost
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
`

// StartApache runs Apache in a folder with some of Debian's modules, in nginx's place. It
// listens on address, which is ${SITE} in conf.
func StartApache(t T, dir, address, modules, conf string) *Nginx {
	t.Helper()
	text := fmt.Sprintf(apacheMain, dir)
	for _, name := range strings.Fields(modules) {
		text += "LoadModule " + name + "_module ${MODULES}/mod_" + name + ".so\n"
	}
	file := WriteFile(t, filepath.Join(dir, "apache.conf"), text+"Listen ${SITE}\n"+conf)
	command := []string{mustFind(t, "apache2"), "-D", "FOREGROUND", "-f", file}
	if os.Getuid() == 0 { // Apache is never root, and its own user may not enter the folder
		command = append([]string{mustFind(t, "setpriv"), "--reuid=33", "--regid=33", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"}, command...)
	}
	a := &Nginx{Dir: dir, Address: address, HTTP: HTTPClient(address)}
	a.Process = Start(t, []string{"MODULES=/usr/lib/apache2/modules", "SITE=" + address}, command[0], command[1:]...)
	a.Await("resuming normal operations")
	return a
}
