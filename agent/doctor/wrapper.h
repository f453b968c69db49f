/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Commands that start another command, as env(1), nice(1) and timeout(1) do: which one, and with what
 * in its environment. Reads command lines as those programs do; starts nothing.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/* What of a process's environment decides whether it is watched; NULL is unset. Not owned. */
struct cs_watch_env {
	const char *preload; /* LD_PRELOAD */
	const char *socket;  /* COLDSPAN_SOCKET */
	const char *disable; /* COLDSPAN_DISABLE */
	const char *deny;    /* COLDSPAN_DENY */
	const char *path;    /* PATH: where the next command is looked for */
};

enum cs_wrapper {
	CS_WRAPPER_NONE,     /* a program like any other */
	CS_WRAPPER_FOLLOWED, /* it starts what *@ret holds now */
	CS_WRAPPER_OPAQUE,   /* starts another, but which one this file cannot tell */
};

/**
 * cs_wrapper_follow() - one step: what does @argv start?
 * @argv: NULL-terminated; argv[0] by its name alone, not by what is in that file
 * @env:  changed as the wrapper would, only with CS_WRAPPER_FOLLOWED
 * @ret:  the other command; untouched otherwise
 *
 * Context:   startup. Not re-entrant: uses getopt(3).
 * Ownership: *@ret and the values in @env live in @arena or in @argv.
 * Return:    an enum cs_wrapper; -ENOMEM.
 */
int cs_wrapper_follow(struct cs_arena *arena, char **argv, struct cs_watch_env *env, char ***ret)
	cs_must_use;
