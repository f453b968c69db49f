/* SPDX-License-Identifier: Apache-2.0 */

/* Frames out of bytes; see lambda_frame.h. */
#include "collector/logs/lambda_frame.h"

#include <string.h>

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_frame(const unsigned char *head)
{
	uint32_t type = big_endian(head);

	return (type & ~0x1du) == 0xa55a0002u && big_endian(head + 4) <= CS_LAMBDA_FRAME_MAX;
}

static enum cs_severity severity_of(uint32_t type)
{
	static const enum cs_severity levels[8] = {
		CS_SEVERITY_UNSPECIFIED, CS_SEVERITY_TRACE, CS_SEVERITY_DEBUG, CS_SEVERITY_INFO,
		CS_SEVERITY_WARN,        CS_SEVERITY_ERROR, CS_SEVERITY_FATAL,
	};

	return levels[type >> 2 & 7];
}

static uint64_t time_of(const unsigned char *head)
{
	uint64_t us = (uint64_t)big_endian(head + 8) << 32 | big_endian(head + 12);

	return us < UINT64_MAX / 1000 ? us * 1000 : 0;
}

static void tell_whole(struct cs_lambda_frames *frames, cs_lambda_frame_fn tell, void *context)
{
	struct cs_lambda_frame frame = {
		.severity = severity_of(big_endian(frames->head)),
		.time_unix_ns = time_of(frames->head),
		.text = frames->text.data ? frames->text.data : "",
		.len = frames->text.len,
		.cut = frames->cut,
	};

	tell(context, &frame);
	cs_buffer_clear(&frames->text);
	frames->cut = 0;
	frames->left = 0;
	frames->head_len = 0;
}

/* Bytes of the text. Return: those that were taken of @len. */
static size_t add_text(struct cs_lambda_frames *frames, const void *bytes, size_t len)
{
	size_t part = len < frames->left ? len : frames->left;
	size_t room = CS_TELEMETRY_BODY_MAX - frames->text.len, kept = part < room ? part : room;

	if (cs_buffer_reserve(&frames->text, kept) < 0) {
		frames->text.failed = false;
		kept = 0;
	}
	cs_buffer_append(&frames->text, bytes, kept);
	frames->cut += part - kept;
	frames->left -= (uint32_t)part;
	return part;
}

/* Bytes of a head; what begins none is passed over, byte by byte. */
static size_t add_head(struct cs_lambda_frames *frames, const void *bytes, size_t len)
{
	size_t room = CS_LAMBDA_FRAME_HEAD - frames->head_len, part = len < room ? len : room;

	memcpy(frames->head + frames->head_len, bytes, part);
	frames->head_len += part;
	if (frames->head_len < CS_LAMBDA_FRAME_HEAD)
		return part;
	if (is_frame(frames->head)) {
		frames->left = big_endian(frames->head + 4);
	} else {
		memmove(frames->head, frames->head + 1, CS_LAMBDA_FRAME_HEAD - 1);
		frames->head_len--;
		frames->skipped++;
	}
	return part;
}

void cs_lambda_frames_feed(struct cs_lambda_frames *frames, const void *bytes, size_t len,
			   uint64_t lost, cs_lambda_frame_fn tell, void *context)
{
	const char *at = bytes;

	while (len) {
		size_t part = frames->head_len < CS_LAMBDA_FRAME_HEAD ? add_head(frames, at, len)
								      : add_text(frames, at, len);

		at += part;
		len -= part;
		if (frames->head_len == CS_LAMBDA_FRAME_HEAD && !frames->left)
			tell_whole(frames, tell, context);
	}
	if (!lost)
		return;
	if (frames->head_len == CS_LAMBDA_FRAME_HEAD && lost < frames->left) {
		frames->cut += lost;
		frames->left -= (uint32_t)lost;
	} else {
		cs_lambda_frames_end(frames, tell, context);
	}
}

void cs_lambda_frames_end(struct cs_lambda_frames *frames, cs_lambda_frame_fn tell, void *context)
{
	frames->cut += frames->left;
	if (frames->head_len == CS_LAMBDA_FRAME_HEAD)
		tell_whole(frames, tell, context);
	frames->skipped += frames->head_len;
	frames->head_len = 0;
}

void cs_lambda_frames_deinit(struct cs_lambda_frames *frames)
{
	cs_buffer_deinit(&frames->text);
}
