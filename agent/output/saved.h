/* SPDX-License-Identifier: Apache-2.0 */

/* Files of samples that --from names. */
#pragma once

#include <stddef.h>

#include "agent/output/result.h"
#include "base/diag.h"

/**
 * cs_saved_read() - read them all
 * @result: filled; its functions are not judged yet
 * @files:  @files_count names, borrowed for the life of @result
 * @names:  of functions to keep; none: all
 *
 * A function that is wanted and in none of the files is there without a start, which is no data.
 *
 * Context: startup. Return: 0; negative errno, @diag says what: -ENOMEM and -EIO are our failures.
 */
int cs_saved_read(struct cs_result *result, const char *const *files, size_t files_count,
		  char *const *names, int names_count, struct cs_diag *diag) cs_must_use;
