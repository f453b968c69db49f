/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What functions write to their logs, in pieces: the first byte of an input says into how large ones it
 * falls. Lines, frames and severities must be the same however the bytes came; nothing may be lost that
 * is not counted.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/logs/lambda_frame.h"
#include "collector/logs/log_severity.h"
#include "collector/logs/log_text.h"
#include "tests/fuzz/fuzz.h"

/* What was told, as one text; and how many bytes were told, or said to be missing. */
struct told {
	struct cs_buffer text;
	uint64_t bytes;
};

static void on_line(void *context, const char *line, size_t len, uint64_t cut, uint64_t time_ns)
{
	struct told *told = context;
	struct cs_log_severity severity;

	CS_FUZZ_CHECK(len <= CS_TELEMETRY_BODY_MAX && !memchr(line, '\n', len));
	CS_FUZZ_CHECK(time_ns == 7);
	told->bytes += len + cut;
	cs_buffer_append(&told->text, line, len);
	cs_buffer_printf(&told->text, "\n%llu\n", (unsigned long long)cut);
	if (!cs_log_severity_read(line, len, &severity))
		return;
	CS_FUZZ_CHECK(*line == '{' || *line == ' ' || *line == '\t' || *line == '\r');
	CS_FUZZ_CHECK(severity.number && *severity.text);
	CS_FUZZ_CHECK(memmem(line, len, severity.text, strlen(severity.text)));
}

static void on_frame(void *context, const struct cs_lambda_frame *frame)
{
	struct told *told = context;

	CS_FUZZ_CHECK(frame->len <= CS_TELEMETRY_BODY_MAX);
	CS_FUZZ_CHECK(frame->len + frame->cut <= CS_LAMBDA_FRAME_MAX);
	told->bytes += CS_LAMBDA_FRAME_HEAD + frame->len + frame->cut;
	cs_buffer_append(&told->text, frame->text, frame->len);
	cs_buffer_printf(&told->text, "\n%d %llu %llu\n", (int)frame->severity,
			 (unsigned long long)frame->time_unix_ns, (unsigned long long)frame->cut);
}

static struct told lines_of(const char *data, size_t size, size_t piece)
{
	struct cs_log_text text = { .cut = 0 };
	struct told told = { .bytes = 0 };

	for (size_t at = 0; at < size; at += piece)
		cs_log_text_feed(&text, data + at, size - at < piece ? size - at : piece, 0, 7,
				 on_line, &told);
	cs_log_text_end(&text, on_line, &told);
	cs_log_text_deinit(&text);
	return told;
}

static struct told frames_of(const char *data, size_t size, size_t piece)
{
	struct cs_lambda_frames frames = { .left = 0 };
	struct told told = { .bytes = 0 };
	uint64_t missing;

	for (size_t at = 0; at < size; at += piece)
		cs_lambda_frames_feed(&frames, data + at, size - at < piece ? size - at : piece, 0,
				      on_frame, &told);
	missing = frames.left;
	cs_lambda_frames_end(&frames, on_frame, &told);
	CS_FUZZ_CHECK(told.bytes + frames.skipped == size + missing);
	cs_lambda_frames_deinit(&frames);
	return told;
}

static void same(struct told *a, struct told *b)
{
	CS_FUZZ_CHECK(a->text.len == b->text.len);
	CS_FUZZ_CHECK(!a->text.len || !memcmp(a->text.data, b->text.data, a->text.len));
	cs_buffer_deinit(&a->text);
	cs_buffer_deinit(&b->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	size_t piece = size ? data[0] % 61 + 1 : 1, len = size ? size - 1 : 0, ends = 0;
	struct told whole, pieces;

	for (size_t i = 0; i < len; i++)
		ends += bytes[i] == '\n';
	whole = lines_of(bytes, len, SIZE_MAX);
	CS_FUZZ_CHECK(whole.bytes + ends == len);
	pieces = lines_of(bytes, len, piece);
	same(&whole, &pieces);
	whole = frames_of(bytes, len, SIZE_MAX);
	pieces = frames_of(bytes, len, piece);
	same(&whole, &pieces);
	return 0;
}
