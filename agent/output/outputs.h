/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where a result goes: the files of -o FORMAT=FILE, and what a CI system reads. All are opened before
 * anything is started, and each is written whole or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/output/formats.h"
#include "agent/output/result.h"
#include "agent/result_file.h"
#include "base/cleanup.h"
#include "base/diag.h"

#define CS_OUTPUTS_MAX 16u

struct cs_output {
	const struct cs_format *format;
	struct cs_result_file file;
};

enum cs_ci_system {
	CS_CI_NONE,
	CS_CI_GITHUB, /* GITHUB_ACTIONS=true */
	CS_CI_GITLAB, /* GITLAB_CI is set */
};

struct cs_outputs {
	struct cs_output at[CS_OUTPUTS_MAX];
	const char *paths[CS_OUTPUTS_MAX]; /* as they were asked for; borrowed */
	size_t count;
	enum cs_ci_system ci;
	int summary_fd; /* appended to; negative: there is none */
	int answers_fd; /* GITHUB_OUTPUT; negative: there is none */
};

/** cs_outputs_init() - none yet. @look_for_ci: write what the CI system around us reads, too. */
void cs_outputs_init(struct cs_outputs *outputs, bool look_for_ci);

/**
 * cs_outputs_add() - take in a word of -o
 * @word: FORMAT=FILE, borrowed; FILE "-" is standard output
 *
 * Return: 0; -EINVAL, -E2BIG, @diag says what to write.
 */
int cs_outputs_add(struct cs_outputs *outputs, const char *word, struct cs_diag *diag) cs_must_use;

/** cs_outputs_own_stdout() - does one of them go to standard output? */
bool cs_outputs_own_stdout(const struct cs_outputs *outputs);

/**
 * cs_outputs_open() - open all places
 * @plan: the file of budgets, which none of them is
 *
 * What a CI system named and cannot be opened is a warning, and left out.
 * Context: startup. Return: 0; negative errno, @diag says which cannot be written, and why.
 */
int cs_outputs_open(struct cs_outputs *outputs, const char *plan, struct cs_diag *diag) cs_must_use;

/**
 * cs_outputs_write() - write the result to all of them
 *
 * Logs each that could not be written; the others are.
 * Context: startup. Return: 0; negative errno of the first that failed.
 */
int cs_outputs_write(struct cs_outputs *outputs, const struct cs_result *result) cs_must_use;

/** cs_outputs_close() - what was not written goes away. */
void cs_outputs_close(struct cs_outputs *outputs);
