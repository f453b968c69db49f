/* SPDX-License-Identifier: Apache-2.0 */

/* A sorted list of names; see file_set.h. */
#include "agent/asserting/file_set.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"

#define NAME_BYTES 1024u

/* Where @name is, or would be. */
static uint32_t place_of(const struct cs_file_set *set, const char *name, bool *ret_there)
{
	uint32_t low = 0, high = set->count;

	*ret_there = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(set->list[middle].name, name);

		if (order == 0) {
			*ret_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct cs_file_set *set)
{
	uint32_t room = set->room ? 2 * set->room : 64;
	struct cs_named_file *list;

	if (set->count < set->room)
		return true;
	list = set->count < CS_FILE_SET_MAX ? realloc(set->list, room * sizeof(*list)) : NULL;
	if (!list)
		return false;
	set->list = list;
	set->room = room;
	return true;
}

void cs_file_set_put(struct cs_file_set *set, const char *name, uint64_t bytes)
{
	char *own;
	uint32_t at;
	bool there;

	at = place_of(set, name, &there);
	if (there)
		return;
	own = make_room(set) ? strdup(name) : NULL;
	if (!own) {
		set->cut = true;
		return;
	}
	memmove(set->list + at + 1, set->list + at, (set->count - at) * sizeof(*set->list));
	set->list[at] = (struct cs_named_file){ own, bytes };
	set->count++;
}

static uint64_t size_of(const char *path, const char *folder)
{
	char whole[PATH_MAX];
	struct stat st;
	int len = *path == '/'
			  ? snprintf(whole, sizeof(whole), "%s", path)
			  : snprintf(whole, sizeof(whole), "%s/%s", folder ? folder : ".", path);

	return len < (int)sizeof(whole) && stat(whole, &st) == 0 && S_ISREG(st.st_mode)
		       ? (uint64_t)st.st_size
		       : 0;
}

void cs_file_set_add(struct cs_file_set *set, const char *path, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;
	bool below = len && !strncmp(path, folder, len) && path[len] == '/';
	char name[NAME_BYTES];

	cs_utf8_repair(name, sizeof(name), below ? path + len + 1 : path,
		       strlen(below ? path + len + 1 : path), NULL);
	cs_utf8_strip_control(name);
	/* Starts name the same files again and again: one look is enough. */
	if (!cs_file_set_has(set, name))
		cs_file_set_put(set, name, size_of(path, folder));
}

bool cs_file_set_has(const struct cs_file_set *set, const char *name)
{
	bool there;

	place_of(set, name, &there);
	return there;
}

void cs_file_set_deinit(struct cs_file_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		free(set->list[i].name);
	free(set->list);
	*set = (struct cs_file_set){ 0 };
}
