/* SPDX-License-Identifier: Apache-2.0 */

/*
 * On which platform a process runs, and what its variables say of the function: names and types as
 * OpenTelemetry's semantic conventions have them (faas, cloud, k8s, gcp, aws). A platform is told by
 * what only it sets; nothing is asked of anybody. The table: docs/platforms.md. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "exporters/telemetry.h"
#include "preload/wire/variables.h"

#define CS_PLATFORM_ATTRS_MAX 12u /* the most that one gets */

/* Strings live as long as the variables they were made of, and the arena. NULL: not known. */
struct cs_platform {
	const char *name;     /* value of coldspan.platform */
	const char *function; /* faas.name */
	const char *service;  /* what service.name is, if nobody says otherwise */
	const char *version;  /* faas.version */
	const char *instance; /* faas.instance */
	const char *app;      /* Azure: what faas.name of an invocation begins with */
	const char *app_id;   /* Azure: idem, cloud.resource_id */
	bool of_function; /* its variables stand with functions, not with what starts them, too */
	struct cs_attrs attrs; /* further ones of the resource */
	struct cs_attrs said;  /* by the operator, of the resource: OTEL_RESOURCE_ATTRIBUTES */
	bool said_refused;     /* that is malformed, and nothing of it counts */
};

/** cs_variable_find() - number of a variable of the table; CS_VARIABLE_NONE: it is none. Pure. */
enum cs_variable cs_variable_find(const char *name);

/**
 * cs_platform_read() - what the variables tell
 * @variables: by enum cs_variable: valid UTF-8, not empty; NULL: not there, as number 0
 *
 * Context: any-thread.
 * Return:  0; -ENOMEM. No platform: name is NULL, and what names the function may still be there.
 */
int cs_platform_read(const char *const variables[CS_VARIABLE_COUNT], struct cs_arena *arena,
		     struct cs_platform *ret) cs_must_use;

/** cs_platform_copy() - for longer than its variables live; NULL when out of memory. */
const struct cs_platform *cs_platform_copy(const struct cs_platform *platform,
					   struct cs_arena *arena) cs_must_use;
