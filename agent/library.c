/* SPDX-License-Identifier: Apache-2.0 */

/* Finding the shim; see library.h. */
#include "agent/library.h"

#include <limits.h>
#include <string.h>

#include "agent/own_folder.h"
#include "coldspan_config.h"

#define NAME "libcoldspan.so"

/* Relative to the folder of the executable: build tree, then prefix/bin. */
static const char *const beside[] = {
	"../preload/" NAME,
	"../" CS_LIBDIR "/coldspan/" NAME,
	"../lib/coldspan/" NAME,
};

bool cs_library_fits(const char *path)
{
	return !path[strcspn(path, ": \t\n\v\f\r$")];
}

static bool is_readable(const char *path)
{
	return access(path, R_OK) == 0;
}

static int use(struct cs_arena *arena, const char *path, const char **ret)
{
	char real[PATH_MAX];
	const char *copy;

	if (!realpath(path, real) || access(real, R_OK) < 0)
		return -ENOENT;
	if (!cs_library_fits(real) && *path == '/' && cs_library_fits(path))
		copy = cs_arena_strndup(arena, path, PATH_MAX);
	else
		copy = cs_arena_strndup(arena, real, sizeof(real));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int cs_library_find(struct cs_arena *arena, const char **ret, struct cs_diag *diag)
{
	const char *named = getenv("COLDSPAN_LIBRARY");
	char path[PATH_MAX];
	int r;

	if (named && *named) {
		r = use(arena, named, ret);
		return r == -ENOENT ? cs_diag_set(diag, r,
						  "COLDSPAN_LIBRARY names %s, which cannot be read",
						  named)
				    : r;
	}
	if (cs_own_find(beside, sizeof(beside) / sizeof(beside[0]), is_readable, path))
		return use(arena, path, ret);
	r = cs_own_folder(path, diag);
	if (r < 0)
		return r;
	return cs_diag_set(
		diag, -ENOENT,
		NAME " was not found beside %s; install it, or name it by COLDSPAN_LIBRARY", path);
}

const char *cs_library_preload(struct cs_arena *arena, const char *library, const char *current)
{
	size_t library_len = strlen(library);

	if (!current || !*current)
		return library;
	for (const char *entry = current; *entry;) {
		size_t len = strcspn(entry, ": ");

		if (len == library_len && !strncmp(entry, library, len))
			return current;
		entry += len + strspn(entry + len, ": ");
	}
	return cs_arena_printf(arena, "%s:%s", library, current);
}

/* Takes the next entry of a list; false: it has no more. One that is too long is left out. */
static bool next_entry(const char **list, char entry[PATH_MAX])
{
	for (*list += strspn(*list, ": "); **list; *list += strspn(*list, ": ")) {
		size_t len = strcspn(*list, ": ");

		*list += len;
		if (len < PATH_MAX) {
			memcpy(entry, *list - len, len);
			entry[len] = '\0';
			return true;
		}
	}
	return false;
}

static bool is_library(const char *entry, const char *library)
{
	char real[PATH_MAX], ours[PATH_MAX];

	return realpath(entry, real) && realpath(library, ours) && !strcmp(real, ours);
}

/* Without a slash it is looked for in the loader's folders: there it may be. */
static bool is_shim(const char *entry, const char *library)
{
	const char *name = strrchr(entry, '/');

	if (!name)
		return !strcmp(entry, NAME);
	return is_library(entry, library) || (!strcmp(name + 1, NAME) && access(entry, R_OK) == 0);
}

bool cs_library_is_named(const char *preload, const char *library)
{
	char entry[PATH_MAX];

	while (next_entry(&preload, entry)) {
		if (is_shim(entry, library))
			return true;
	}
	return false;
}

bool cs_library_other_copy(const char *preload, const char *library)
{
	char entry[PATH_MAX];

	while (preload && next_entry(&preload, entry)) {
		if (is_shim(entry, library) && !is_library(entry, library))
			return true;
	}
	return false;
}
