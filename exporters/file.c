/* SPDX-License-Identifier: Apache-2.0 */

/* Destination "file"; see file.h. */
#include "exporters/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "exporters/destination.h"
#include "exporters/line_file.h"
#include "exporters/otlp/json.h"
#include "exporters/otlp/traces.h"

#define KEEP_BYTES (1u << 20) /* of a line's buffer between batches; a burst is given back */

struct file_exporter {
	struct cs_exporter base; /* first */
	char *path;              /* owned */
	struct cs_line_file out;
	struct cs_arena arena;
	struct cs_buffer line;
};

/* With a newline in front: see cs_line_file_write(). */
static int print_line(struct file_exporter *file, const struct cs_span_batch *batch,
		      struct cs_otlp_range *range)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&file->arena);
	ProtobufCMessage *message;
	int r = cs_otlp_traces_build(&alloc, batch, range, &message);

	if (r)
		return r;
	cs_buffer_clear(&file->line);
	cs_buffer_putc(&file->line, '\n');
	r = cs_otlp_json_print(&file->line, message);
	if (r < 0)
		return r;
	cs_buffer_putc(&file->line, '\n');
	return file->line.failed ? -ENOMEM : 0;
}

static void submit(struct cs_exporter *exporter, const struct cs_span_batch *batch)
{
	struct file_exporter *file = (struct file_exporter *)exporter;
	struct cs_exporter_stats *stats = &exporter->stats;
	struct cs_otlp_range range = { .count = cs_span_batch_count(batch) };
	int r = print_line(file, batch, &range);

	if (r < 0) {
		stats->dropped[CS_DROP_ENCODE] += range.count;
		cs_exporter_fail(exporter, "%zu spans could not be encoded: %s", range.count,
				 strerror(-r));
	} else {
		stats->dropped[CS_DROP_ENCODE] += range.count - range.spans;
	}
	if (r == 0) {
		stats->requests++;
		r = cs_line_file_write(&file->out, file->line.data, file->line.len);
		if (r < 0) {
			stats->dropped[CS_DROP_IO] += range.spans;
			cs_exporter_fail(exporter, "cannot write: %s; spans are dropped",
					 strerror(-r));
		} else {
			stats->sent += range.spans;
			cs_exporter_recover(exporter);
		}
	}
	cs_arena_reset(&file->arena);
	if (file->arena.held_bytes > KEEP_BYTES)
		cs_arena_deinit(&file->arena);
	if (file->line.capacity_bytes > KEEP_BYTES)
		cs_buffer_deinit(&file->line);
}

static int file_reopen(struct cs_exporter *exporter, struct cs_diag *diag)
{
	struct file_exporter *file = (struct file_exporter *)exporter;
	struct cs_line_file out;
	int r;

	if (file->out.borrowed)
		return 0;
	r = cs_line_file_open(&out, file->path, diag);
	if (r < 0)
		return r;
	out.broken_line |= !out.regular && file->out.broken_line;
	cs_line_file_close(&file->out);
	file->out = out;
	return 1;
}

static void file_free(struct cs_exporter *exporter)
{
	struct file_exporter *file = (struct file_exporter *)exporter;

	cs_line_file_close(&file->out);
	cs_arena_deinit(&file->arena);
	cs_buffer_deinit(&file->line);
	free(file->path);
	free(file);
}

static const struct cs_exporter_ops file_ops = {
	.submit = submit,
	.reopen = file_reopen,
	.free = file_free,
};

int cs_file_exporter_new(const char *path, struct cs_exporter **ret, struct cs_diag *diag)
{
	struct file_exporter *file = calloc(1, sizeof(*file));
	char name[CS_EXPORTER_NAME_MAX];
	int r;

	if (!file)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	snprintf(name, sizeof(name), "file %s", path);
	cs_exporter_init(&file->base, &file_ops, name);
	cs_arena_init(&file->arena, 0);
	file->out.fd = -EBADF;
	file->path = strdup(path);
	r = file->path ? cs_line_file_open(&file->out, path, diag)
		       : cs_diag_set(diag, -ENOMEM, "out of memory");
	if (r < 0) {
		file_free(&file->base);
		return r;
	}
	*ret = &file->base;
	return 0;
}
