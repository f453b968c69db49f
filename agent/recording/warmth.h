/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The handler of a cold invocation beside those of the warm ones that followed in the same instance: what
 * a first request costs once the instance is ready (a JIT, lazy imports, first connections). Not
 * thread-safe: one owner.
 */
#pragma once

#include "base/buffer.h"
#include "collector/assembler/model.h"

#define CS_WARMTH_INSTANCES 16u   /* the first that were called */
#define CS_WARMTH_SAMPLES   1024u /* of each, the first warm ones */

struct cs_warmth_instance {
	uint64_t segment;
	char name[CS_FUNCTION_NAME_MAX];
	uint64_t cold_ns;  /* 0: it was not seen */
	uint64_t *warm_ns; /* owned; NULL: none yet, or no memory */
	unsigned count;
};

struct cs_warmth {
	struct cs_warmth_instance instances[CS_WARMTH_INSTANCES];
	unsigned count;
};

/** cs_warmth_deinit() - free it. All zero is an empty one. */
void cs_warmth_deinit(struct cs_warmth *warmth);

/** cs_warmth_add() - take one in. */
void cs_warmth_add(struct cs_warmth *warmth, const struct cs_invocation *invocation);

/** cs_warmth_draw() - a line for each instance that had both. */
void cs_warmth_draw(struct cs_warmth *warmth, struct cs_buffer *out);
