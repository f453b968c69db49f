/* SPDX-License-Identifier: Apache-2.0 */

/* A program without threads and dlopen, which loads a plug-in (in the folder given) that has them. */
#include <dlfcn.h>
#include <stdio.h>

#include "tests/shim/guests/guest.h"

int main(int argc, char **argv)
{
	void (*work)(const char *folder);
	char path[4096];
	void *plugin;

	guest_start();
	snprintf(path, sizeof(path), "%s/libguest_plugin.so", argv[1]);
	plugin = dlmopen(LM_ID_BASE, path, RTLD_NOW);
	if (!plugin) {
		printf("%s\n", dlerror());
		return 2;
	}
	work = (void (*)(const char *))dlsym(plugin, "plugin_work");
	work(argv[1]);
	return 69;
}
