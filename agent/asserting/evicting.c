/* SPDX-License-Identifier: Apache-2.0 */

/* Files out of the page cache; see evicting.h. */
#include "agent/asserting/evicting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS_MAX_BYTES (1u << 20)

void cs_opened_paths_add(struct cs_opened_paths *paths, const char *path)
{
	size_t len = strlen(path) + 1;
	char *text;

	if (paths->len + len > PATHS_MAX_BYTES)
		return;
	text = realloc(paths->text, paths->len + len);
	if (!text)
		return;
	memcpy(text + paths->len, path, len);
	paths->text = text;
	paths->len += len;
}

void cs_opened_paths_deinit(struct cs_opened_paths *paths)
{
	free(paths->text);
	*paths = (struct cs_opened_paths){ 0 };
}

static bool has(const struct cs_loaded_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!strcmp(files->paths[i], path))
			return true;
	}
	return false;
}

/* Of regular files alone there are pages to put out. */
static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size;
}

static int make_room(struct cs_loaded_files *files, struct cs_arena *arena)
{
	const char **paths = cs_arena_alloc(arena, CS_LOADED_FILES_MAX * sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	if (files->count)
		memcpy(paths, files->paths, files->count * sizeof(*paths));
	files->paths = paths;
	return 0;
}

int cs_evicting_learn(struct cs_loaded_files *files, const struct cs_opened_paths *paths,
		      const char *folder, struct cs_arena *arena)
{
	int r = make_room(files, arena);

	for (size_t at = 0; r == 0 && at < paths->len; at += strlen(paths->text + at) + 1) {
		const char *path = paths->text + at;

		path = cs_arena_printf(arena, "%s%s%s", *path == '/' ? "" : folder,
				       *path == '/' ? "" : "/", path);
		if (!path)
			return -ENOMEM;
		if (files->count < CS_LOADED_FILES_MAX && !has(files, path) && is_file(path))
			files->paths[files->count++] = path;
	}
	return r;
}

void cs_evicting_do(const struct cs_loaded_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		cs_cleanup(cs_closep) int fd =
			open(files->paths[i], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd < 0)
			continue;
		/* What was written a moment ago (a compiled module) stays until it is on the disk. */
		(void)!fdatasync(fd);
		(void)!posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
}
