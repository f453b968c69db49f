/* SPDX-License-Identifier: Apache-2.0 */

/* Who clears environments; see handing_on.h. */
#include "agent/doctor/handing_on.h"

#include <stddef.h>
#include <string.h>

#define VARIABLES "LD_PRELOAD and COLDSPAN_SOCKET, as coldspan env prints them"

static const struct {
	const char *name; /* as in /proc/PID/comm: at most 15 bytes */
	const char *remedy;
} table[] = {
	{ "apache2", "have Apache hand them on: PassEnv LD_PRELOAD COLDSPAN_SOCKET" },
	{ "containerd-shim", "set " VARIABLES ", in the container's environment" },
	{ "cron", "name " VARIABLES ", at the top of the crontab" },
	{ "crond", "name " VARIABLES ", at the top of the crontab" },
	{ "deno", "Deno does not see the preload (COLDSPAN_HIDE in docs/attach.md): use "
		  "/etc/ld.so.preload, or set COLDSPAN_HIDE to nothing" },
	{ "httpd", "have Apache hand them on: PassEnv LD_PRELOAD COLDSPAN_SOCKET" },
	{ "lighttpd",
	  "have lighttpd hand them on to CGI programs: mod_setenv, setenv.set-environment = "
	  "( \"LD_PRELOAD\" => env.LD_PRELOAD, \"COLDSPAN_SOCKET\" => env.COLDSPAN_SOCKET )" },
	{ "nginx",
	  "have nginx keep them: \"env LD_PRELOAD;\" and \"env COLDSPAN_SOCKET;\" at the top of "
	  "nginx.conf" },
	{ "php-fpm", "have php-fpm hand them on: clear_env = no in the pool's configuration" },
	{ "sshd", "set " VARIABLES ", in what the login starts" },
	{ "su", "name them behind su: su USER -c 'env LD_PRELOAD=... COLDSPAN_SOCKET=... CMD'" },
	{ "sudo", "name them behind sudo: sudo env LD_PRELOAD=... COLDSPAN_SOCKET=... CMD" },
	{ "systemd", "set " VARIABLES ", by Environment= in its unit (systemctl edit UNIT)" },
};

const char *cs_handing_on(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t len = strlen(table[i].name);

		/* php-fpm8.2 and its kind: a version may follow */
		if (!strncmp(name, table[i].name, len) &&
		    (!name[len] || (name[len] >= '0' && name[len] <= '9')))
			return table[i].remedy;
	}
	return "have whoever starts it hand on " VARIABLES;
}
