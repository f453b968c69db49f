/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Frames of AWS Lambda's log descriptor, out of bytes that came piece by piece. What is no frame is
 * passed over up to the next that is one, and counted. Pure; memory for one frame's text.
 *
 * Format (aws-lambda-nodejs-runtime-interface-client, LogPatch.js; awslambdaric,
 * lambda_runtime_log_utils.py): type, 4 bytes, 0xa55a0003 for text and 0xa55a0002 for JSON, with the
 * level in bits 2 to 4; length of the text, 4 bytes; time in microseconds since 1970, 8 bytes; all big
 * endian; the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "exporters/telemetry.h"

#define CS_LAMBDA_FRAME_HEAD 16u
#define CS_LAMBDA_FRAME_MAX  (1u << 20) /* a longer one is none */

/* Zeroed: at the beginning of a frame. */
struct cs_lambda_frames {
	unsigned char head[CS_LAMBDA_FRAME_HEAD];
	size_t head_len;
	uint32_t left;         /* bytes of the text that have not come */
	uint64_t cut;          /* bytes of it that were left out */
	uint64_t skipped;      /* bytes that were of no frame, ever */
	struct cs_buffer text; /* owned */
};

struct cs_lambda_frame {
	enum cs_severity severity;
	uint64_t time_unix_ns;
	const char *text; /* not ended by NUL */
	size_t len;
	uint64_t cut; /* bytes that are missing at its end */
};

/** cs_lambda_frame_fn - a frame is whole; for the time of the call */
typedef void (*cs_lambda_frame_fn)(void *context, const struct cs_lambda_frame *frame);

/**
 * cs_lambda_frames_feed() - the next bytes
 * @lost: bytes behind these that nobody has
 *
 * Context: loop.
 */
void cs_lambda_frames_feed(struct cs_lambda_frames *frames, const void *bytes, size_t len,
			   uint64_t lost, cs_lambda_frame_fn tell, void *context);

/** cs_lambda_frames_end() - no more will come: the begun frame is told. Context: loop. */
void cs_lambda_frames_end(struct cs_lambda_frames *frames, cs_lambda_frame_fn tell, void *context);

/** cs_lambda_frames_deinit() - forget it. Context: loop. */
void cs_lambda_frames_deinit(struct cs_lambda_frames *frames);
