/* SPDX-License-Identifier: Apache-2.0 */

/* Finding coldspan-spawn; see spawner.h. */
#include "agent/spawner.h"

#include <sys/stat.h>

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
	return !begins_a_namespace() &&
	       cs_own_find(beside, sizeof(beside) / sizeof(beside[0]), cs_own_executable, ret);
}
