/* SPDX-License-Identifier: Apache-2.0 */

/* Finding coldspan-spawn; see spawner.h. */
#include "agent/spawner.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/own_folder.h"
#include "coldspan_config.h"

#define NAME "coldspan-spawn"

/* Relative to the folder of the executable: build tree, then prefix/bin. */
static const char *const beside[] = {
	"./" NAME,
	"../" CS_LIBEXECDIR "/coldspan/" NAME,
	"../libexec/coldspan/" NAME,
};

static bool begins_a_namespace(void)
{
	struct stat ours, next;

	return stat("/proc/self/ns/pid", &ours) == 0 &&
	       stat("/proc/self/ns/pid_for_children", &next) == 0 && ours.st_ino != next.st_ino;
}

bool cs_spawner_find(char ret[PATH_MAX])
{
	char self[PATH_MAX];
	int len;

	if (cs_own_folder(self, NULL) < 0 || begins_a_namespace())
		return false;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		len = snprintf(ret, PATH_MAX, "%s/%s", self, beside[i]);
		if (len < PATH_MAX && access(ret, X_OK) == 0)
			return true;
	}
	return false;
}
