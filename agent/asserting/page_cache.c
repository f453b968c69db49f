/* SPDX-License-Identifier: Apache-2.0 */

/* mincore(2) of whole files; see page_cache.h. */
#include "agent/asserting/page_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_AT_ONCE 16384u /* 64 MiB: a byte of stack each */

static int count(unsigned char *map, size_t pages, size_t page_bytes, struct cs_page_cache *sum)
{
	unsigned char resident[PAGES_AT_ONCE];

	for (size_t at = 0; at < pages; at += PAGES_AT_ONCE) {
		size_t some = pages - at < PAGES_AT_ONCE ? pages - at : PAGES_AT_ONCE;

		if (mincore(map + at * page_bytes, some * page_bytes, resident) < 0)
			return -errno;
		for (size_t i = 0; i < some; i++)
			sum->resident += resident[i] & 1;
	}
	sum->pages += pages;
	return 0;
}

int cs_page_cache_add(const char *path, struct cs_page_cache *sum)
{
	cs_cleanup(cs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), len;
	struct cs_page_cache own = *sum;
	struct stat file;
	void *map;
	int r;

	if (fd < 0 || fstat(fd, &file) < 0)
		return -errno;
	if (!S_ISREG(file.st_mode))
		return -EINVAL;
	if (!file.st_size)
		return 0;
	len = (size_t)file.st_size;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	r = count(map, (len + page_bytes - 1) / page_bytes, page_bytes, &own);
	munmap(map, len);
	if (r == 0)
		*sum = own;
	return r;
}
