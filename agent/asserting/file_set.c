/* SPDX-License-Identifier: Apache-2.0 */

/* A sorted list of names; see file_set.h. */
#include "agent/asserting/file_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_BYTES 1024u

/* Where @name is, or would be. */
static uint32_t place_of(const struct cs_file_set *set, const char *name, bool *ret_there)
{
	uint32_t low = 0, high = set->count;

	*ret_there = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(set->names[middle], name);

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
	char **names;

	if (set->count < set->room)
		return true;
	names = set->count < CS_FILE_SET_MAX ? realloc(set->names, room * sizeof(*names)) : NULL;
	if (!names)
		return false;
	set->names = names;
	set->room = room;
	return true;
}

void cs_file_set_add(struct cs_file_set *set, const char *path, const char *folder)
{
	size_t len = folder ? strlen(folder) : 0;
	char name[NAME_BYTES], *own;
	uint32_t at;
	bool there;

	if (len && !strncmp(path, folder, len) && path[len] == '/')
		path += len + 1;
	cs_utf8_repair(name, sizeof(name), path, strlen(path), NULL);
	cs_utf8_strip_control(name);
	at = place_of(set, name, &there);
	if (there)
		return;
	own = make_room(set) ? strdup(name) : NULL;
	if (!own) {
		set->cut = true;
		return;
	}
	memmove(set->names + at + 1, set->names + at, (set->count - at) * sizeof(*set->names));
	set->names[at] = own;
	set->count++;
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
		free(set->names[i]);
	free(set->names);
	*set = (struct cs_file_set){ 0 };
}
