/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is wrong with something a person wrote (a flag, a function.yaml): one line that says what,
 * where, and what to do. Codes are for programs, this text is for people.
 */
#pragma once

#define CS_PROBLEM_TEXT_MAX 640 /* one line; longer texts are cut */

struct cs_problem {
	char text[CS_PROBLEM_TEXT_MAX];
};

/**
 * cs_problem_set() - describe one mistake; the first one set wins
 * @problem: zero-initialised by its owner
 * @fmt:     one line without trailing newline; control characters in it become '?', so that a
 *           hostile file cannot drive the terminal it is reported on
 *
 * Context: any-thread.
 * Return:  @code, so that a parser can write `return cs_problem_set(problem, -EINVAL, …)`.
 */
int cs_problem_set(struct cs_problem *problem, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
