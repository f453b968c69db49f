/* SPDX-License-Identifier: Apache-2.0 */

/* The functions that are served: one for each folder with a function.yaml. */
#pragma once

#include <stddef.h>

#include "runtime/cleanup.h"
#include "runtime/manifest.h"
#include "runtime/problem.h"
#include "runtime/variables.h"

struct cs_instance;

struct cs_function {
	struct cs_manifest manifest;   /* defaults filled in: no field is 0 */
	char *folder;                  /* absolute */
	struct cs_variables variables; /* environment of its processes, but for PORT and Http_* */
	unsigned in_flight;            /* requests; bounded by manifest.concurrency */
	struct cs_instance *instance;  /* mode http: the one that takes requests; else NULL */
};

struct cs_catalog {
	struct cs_function *functions; /* by name */
	size_t count;
};

/* What a function.yaml leaves open, and what every function may see of our environment. */
struct cs_defaults {
	cs_ns timeout_ns;
	cs_ns idle_timeout_ns;
	uint32_t concurrency;
	char *const *environment; /* as environ(7) */
	const char *pass_list;    /* --pass-env; NULL: none */
};

/**
 * cs_catalog_load() - read all functions below @folder
 * @ret:     zero-initialised by the caller; cs_catalog_deinit() it, also after a failure
 * @problem: receives one line
 *
 * Folders whose name begins with a dot and folders without a function.yaml are passed over.
 *
 * Context: startup.
 * Return:  0; -ENOENT @folder cannot be read or holds no function; -EINVAL, -EIO a bad
 *          function.yaml; -EEXIST two functions of one name; -ENOMEM.
 */
cs_must_use int cs_catalog_load(const char *folder, const struct cs_defaults *defaults,
				struct cs_catalog *ret, struct cs_problem *problem);

/** cs_catalog_deinit() - free all functions. */
void cs_catalog_deinit(struct cs_catalog *catalog);

/** cs_catalog_find() - the function called @name (@name_len bytes, any content); NULL: none. */
struct cs_function *cs_catalog_find(const struct cs_catalog *catalog, const char *name,
				    size_t name_len);
