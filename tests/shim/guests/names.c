/* SPDX-License-Identifier: Apache-2.0 */

/* Tells who is in the process, as dl_iterate_phdr does. With an argument it reads behind what it allocated. */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tell(struct dl_phdr_info *info, size_t size, void *data)
{
	const char *base = strrchr(info->dlpi_name, '/');

	(void)size;
	(void)data;
	puts(base ? base + 1 : info->dlpi_name);
	return 0;
}

int main(int argc, char **argv)
{
	char *bytes = calloc(1, 8);
	int ret;

	(void)argv;
	dl_iterate_phdr(tell, NULL);
	fflush(stdout);
	ret = argc > 1 ? bytes[8] : 0;
	free(bytes);
	return ret;
}
