/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The lines that a CALL record has behind its target: the host, and, where the shim has told whom it called
 * whose call it is (preload/propagation/outbound.h), the ids that it gave. Pure. Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "collector/assembler/lines.h"

struct cs_assembled;
struct cs_rec_call;
struct cs_request;

struct cs_call_told {
	bool is;           /* it was told, of: ... */
	uint8_t span[8];   /* ... this span, the call's own, ... */
	uint8_t parent[8]; /* ... below this one, an invocation's */
};

/** cs_call_lines() - behind a record that is whole. */
struct cs_part cs_call_lines(const struct cs_rec_call *rec);

/** cs_call_told_read() - of @lines. @ret_host: of no length: it is not known; may be NULL */
void cs_call_told_read(struct cs_part lines, struct cs_call_told *ret, struct cs_part *ret_host);

/**
 * cs_call_told_owner() - the invocation of that id in process @tag
 *
 * The shim knew whose call it was, and has said so to others: whatever else was in flight.
 * Return: NULL: none was told, or it is over and was handed over.
 */
struct cs_request *cs_call_told_owner(struct cs_assembled *instance,
				      const struct cs_call_told *told, uint32_t tag);
