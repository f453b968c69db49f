/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --propagate and --baggage, of commands that make environments: what is handed on of trace contexts, and
 * what is taken of their baggage (docs/traces.md). Each becomes the variable that the shim reads.
 */
#pragma once

#include <stddef.h>

#include "agent/environment.h"
#include "base/cleanup.h"

#define CS_CONTEXT_VARIABLES 2u

/* NULL: not on the command line. */
struct cs_context_options {
	const char *propagate;
	const char *baggage;
};

/* Their values in a table of options: no letters. */
enum {
	CS_CONTEXT_PROPAGATE = 512,
	CS_CONTEXT_BAGGAGE,
};

/**
 * cs_context_option() - take in an option of getopt_long(3): one of those two
 * @value: optarg; stays in use
 *
 * Return: 1 taken; 0 another option; -EINVAL no such word, or no such key, which was said.
 */
int cs_context_option(struct cs_context_options *options, int option, const char *value);

/** cs_context_variables() - those to be set. Return: how many, at most CS_CONTEXT_VARIABLES. */
size_t cs_context_variables(const struct cs_context_options *options,
			    struct cs_environment_variable *ret);
