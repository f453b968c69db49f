/* SPDX-License-Identifier: Apache-2.0 */

/*
 * function.yaml: what one function is. The keys are described for people in coldspan-faas(8).
 * Loaded by libcyaml; every mistake is reported as file:line:column: what, what to do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/cleanup.h"
#include "runtime/problem.h"
#include "runtime/variables.h"

#define CS_MANIFEST_FILE      "function.yaml"
#define CS_MANIFEST_BYTES_MAX 65536          /* of a function.yaml */
#define CS_TIMEOUT_MAX        (900 * CS_SEC) /* 15 min: the longest that the platforms grant */
#define CS_CONCURRENCY_MAX    1000000U       /* requests at once; more is a typing error */

enum cs_mode {
	CS_MODE_EXEC, /* a process per request: body on stdin, answer on stdout */
	CS_MODE_HTTP, /* an instance that listens on $PORT and is kept while it is used */
};

struct cs_manifest {
	char *name; /* letters, digits, '-', '_', '.'; at most 63 bytes */
	enum cs_mode mode;
	char **command; /* ends with NULL; at least one */
	size_t command_count;
	struct cs_variables environment; /* the function's own */
	cs_ns timeout_ns;                /* of a request; 0: the runtime's default */
	cs_ns idle_timeout_ns;           /* of an http instance; 0: the runtime's default */
	uint32_t concurrency;            /* requests at once; 0: the runtime's default */
	char *content_type; /* of the answers in mode exec; NULL: that of the request */
};

/**
 * cs_manifest_parse() - read the text of a function.yaml
 * @file:    its name, for @problem
 * @text:    @text_len bytes, any content
 * @ret:     zero-initialised by the caller; cs_manifest_deinit() it, also after a failure
 * @problem: receives one line with file:line:column
 *
 * Context: startup.
 * Return:  0; -EINVAL; -ENOMEM.
 */
cs_must_use int cs_manifest_parse(const char *file, const unsigned char *text, size_t text_len,
				  struct cs_manifest *ret, struct cs_problem *problem);

/**
 * cs_manifest_load() - as cs_manifest_parse(), from the file
 *
 * Context: startup.
 * Return:  also -ENOENT when there is no such file (no @problem is set), -EIO not readable.
 */
cs_must_use int cs_manifest_load(const char *file, struct cs_manifest *ret,
				 struct cs_problem *problem);

/** cs_manifest_deinit() - free what it owns. */
void cs_manifest_deinit(struct cs_manifest *manifest);

/** cs_name_is_good() - whether a function may be called so. */
bool cs_name_is_good(const char *name);
