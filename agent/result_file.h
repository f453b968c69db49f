/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The file that a result goes to. It is opened before the work begins, so that a wrong name is said
 * at once, and a regular file is replaced whole at the end, its mode kept: no reader sees half of it, and whatever
 * ends us before leaves nothing (O_TMPFILE, where the file system has it). What is no regular file (a device, a
 * FIFO, a pipe) is written to and never replaced; a link stays a link. A name of a descriptor that we were started
 * with (/dev/stdout, /dev/fd/3, /proc/self/fd/3) is that descriptor, whatever it is open on.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/diag.h"

struct cs_result_file {
	FILE *out;                  /* owned unless standard output; NULL: none wanted */
	const char *path;           /* as the user wrote it; borrowed */
	char target[PATH_MAX];      /* links resolved */
	char beside[PATH_MAX + 32]; /* becomes @target in the end; empty: it has no name yet */
	bool replaces;              /* what is written becomes @target; else it is written itself */
};

/** cs_result_file_descriptor() - which of ours @path is another name of; -ENOENT: of none. */
int cs_result_file_descriptor(const char *path);

/** cs_result_file_same() - would one take the other's place? */
bool cs_result_file_same(const struct cs_result_file *a, const struct cs_result_file *b);

/** cs_result_file_replaces() - will it take the place of the file at @path? */
bool cs_result_file_replaces(const struct cs_result_file *file, const char *path);

/**
 * cs_result_file_open() - get ready to write to @path
 * @path: "-" is standard output; NULL: nothing is opened and nothing will be written
 * @ret:  set in any case; give it to cs_result_file_close()
 *
 * Context: startup.
 * Return:  0; negative errno, @diag says what.
 */
int cs_result_file_open(const char *path, struct cs_diag *diag, struct cs_result_file *ret);

/**
 * cs_result_file_commit() - flush, and put the file in its place
 *
 * Return: 0; negative errno, @diag says what; nothing was replaced then.
 */
int cs_result_file_commit(struct cs_result_file *file, struct cs_diag *diag);

/** cs_result_file_close() - close; what was not committed goes away. Accepts an all-zero @file. */
void cs_result_file_close(struct cs_result_file *file);
