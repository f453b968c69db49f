/* SPDX-License-Identifier: Apache-2.0 */

/* Files by their names, each once, in order. Context of all: one owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CS_FILE_SET_MAX 4096u /* names beyond are left out */

struct cs_named_file {
	char *name;     /* owned; UTF-8 without controls */
	uint64_t bytes; /* its size; 0: not known, or no regular file */
};

/* Empty when zeroed. */
struct cs_file_set {
	struct cs_named_file *list; /* owned; names ascend */
	uint32_t count;
	uint32_t room;
	bool cut; /* some were left out */
};

/**
 * cs_file_set_add() - take in @path, and look how large it is
 * @folder: of its program: what lies below is named as from there, and relative paths begin there; NULL: no such folder
 */
void cs_file_set_add(struct cs_file_set *set, const char *path, const char *folder);

/** cs_file_set_put() - take in what another set had: @name as it is kept, with its size */
void cs_file_set_put(struct cs_file_set *set, const char *name, uint64_t bytes);

/** cs_file_set_has() - is @name, as it would be kept, among them? */
bool cs_file_set_has(const struct cs_file_set *set, const char *name);

/** cs_file_set_deinit() - forget them; it is empty then. */
void cs_file_set_deinit(struct cs_file_set *set);
