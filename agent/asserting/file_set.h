/* SPDX-License-Identifier: Apache-2.0 */

/* Names of files, each once, in order. Context of all: one owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CS_FILE_SET_MAX 4096u /* names beyond are left out */

/* Empty when zeroed. */
struct cs_file_set {
	char **names; /* owned; UTF-8 without controls, ascending */
	uint32_t count;
	uint32_t room;
	bool cut; /* some were left out */
};

/**
 * cs_file_set_add() - take in @path
 * @folder: of its program: what lies below is named as from there; NULL: nothing does
 */
void cs_file_set_add(struct cs_file_set *set, const char *path, const char *folder);

/** cs_file_set_has() - is @name, as it would be kept, among them? */
bool cs_file_set_has(const struct cs_file_set *set, const char *name);

/** cs_file_set_deinit() - forget them; it is empty then. */
void cs_file_set_deinit(struct cs_file_set *set);
