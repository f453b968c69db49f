/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What our encoders make of a batch, for other people's decoders.
 * usage: otlp_body BODY JSON (COUNT | random SEED): request bytes to BODY, a line of JSON to JSON
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "exporters/otlp/json.h"
#include "exporters/otlp/traces.h"
#include "tests/support/spans.h"

static int write_file(const char *path, const struct cs_buffer *buffer)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return -errno;
	if (fwrite(buffer->data, 1, buffer->len, file) != buffer->len)
		return fclose(file), -EIO;
	return fclose(file) ? -EIO : 0;
}

static int body(ProtobufCAllocator *alloc, const struct cs_span_batch *batch, const char *path)
{
	struct cs_otlp_range range = { .count = SIZE_MAX };
	struct cs_buffer bytes = { 0 };
	int r = cs_otlp_pack(alloc, cs_batch_of_spans(batch), &range, CS_OTLP_REQUEST_BYTES_MAX,
			     &bytes);

	if (r == 0 || r == CS_OTLP_NOTHING)
		r = write_file(path, &bytes);
	cs_buffer_deinit(&bytes);
	return r;
}

static int json(ProtobufCAllocator *alloc, const struct cs_span_batch *batch, const char *path)
{
	struct cs_otlp_range range = { .count = SIZE_MAX };
	struct cs_buffer line = { 0 };
	ProtobufCMessage *message;
	int r = cs_otlp_traces_build(alloc, batch, &range, &message);

	if (r == 0)
		r = cs_otlp_json_print(&line, message);
	if (r == 0 || r == CS_OTLP_NOTHING)
		r = write_file(path, &line);
	cs_buffer_deinit(&line);
	return r;
}

int main(int argc, char **argv)
{
	cs_cleanup(cs_arena_deinit) struct cs_arena arena = { 0 };
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	const struct cs_span_batch *batch;
	int r;

	if (argc == 4)
		batch = sample_batch(&arena, strtoul(argv[3], NULL, 10));
	else if (argc == 5 && !strcmp(argv[3], "random"))
		batch = random_batch(&arena, strtoull(argv[4], NULL, 10));
	else
		return 2;
	r = body(&alloc, batch, argv[1]);
	if (r == 0)
		r = json(&alloc, batch, argv[2]);
	if (r)
		fprintf(stderr, "otlp_body: %d\n", r);
	return r ? 1 : 0;
}
