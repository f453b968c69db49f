/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Members of W3C baggage that the operator named, out of a request's lines: "baggage.KEY: value", as the shim
 * keeps them (preload/http/baggage.h). Of a key that is there twice the last counts, as OpenTelemetry's propagators
 * have it. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "collector/assembler/lines.h"
#include "preload/wire/baggage.h"

struct cs_baggage_member {
	char *name; /* of the attribute, "baggage.KEY" */
	char *value;
};

/* All zero: none. */
struct cs_baggage_members {
	unsigned count;
	struct cs_baggage_member *items; /* owned */
};

/**
 * cs_baggage_members_take() - if @line is one: add it, or replace its value
 *
 * Values are percent-decoded (W3C Baggage, section 3.3.1.2), then repaired and cut as all texts are. Malformed
 * ones are left out, as is what there is no memory for.
 *
 * Context: any-thread.
 */
void cs_baggage_members_take(struct cs_baggage_members *members, const struct cs_line *line);

/** cs_baggage_members_deinit() - all zero is accepted. */
void cs_baggage_members_deinit(struct cs_baggage_members *members);

/** cs_baggage_members_bytes() - memory that they take. */
size_t cs_baggage_members_bytes(const struct cs_baggage_members *members);
