/* SPDX-License-Identifier: Apache-2.0 */

/* Destination "file"; see file.h. */
#include "exporters/file.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "exporters/destination.h"
#include "exporters/line_file.h"
#include "exporters/otlp/json.h"
#include "exporters/otlp/queue.h"
#include "exporters/otlp/request.h"

#define KEEP_BYTES (1u << 20) /* of a line's buffer between batches; a burst is given back */

struct file_exporter {
	struct cs_exporter base; /* first */
	char *path;              /* owned */
	struct cs_line_file out;
	struct cs_arena arena;
	struct cs_buffer line;
	struct cs_otlp_queue queue; /* lines that could not be written yet */
	struct event *again;        /* time for the first of them */
};

/* With a newline in front: see cs_line_file_write(). */
static int print_line(struct file_exporter *file, struct cs_batch batch,
		      struct cs_otlp_range *range)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&file->arena);
	ProtobufCMessage *message;
	int r = cs_otlp_build(&alloc, batch, range, &message);

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

static void schedule(struct file_exporter *file, uint32_t wait_ms)
{
	struct timeval wait = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };

	event_add(file->again, &wait);
}

/* Return: 0; negative errno, told. */
static int write_out(struct file_exporter *file, enum cs_signal signal, const char *line,
		     size_t len)
{
	uint64_t began_ns = cs_clock_monotonic_ns();
	int r = cs_line_file_write(&file->out, line, len);

	cs_exporter_operated(&file->base, began_ns, r == 0 ? NULL : "io");
	file->base.stats[signal].requests++;
	if (r == 0)
		cs_exporter_recover(&file->base);
	else if (file->out.regular)
		cs_exporter_fail(&file->base,
				 "cannot write: %s; trying again, up to %u MiB wait until then",
				 strerror(-r), CS_FILE_QUEUE_BYTES >> 20);
	else
		cs_exporter_fail(&file->base, "cannot write: %s; %s are dropped", strerror(-r),
				 cs_signal_items(signal));
	return r;
}

/* The line waits for its turn. */
static void queue_line(struct file_exporter *file, enum cs_signal signal, size_t items)
{
	struct cs_exporter_stats *stats = &file->base.stats[signal];
	int r = cs_otlp_queue_push(&file->queue, &file->line, signal, items, 0);

	if (r < 0)
		stats->dropped[r == -ENOBUFS ? CS_DROP_QUEUE_FULL : CS_DROP_ENCODE] += items;
	else
		stats->queued += items;
	if (file->queue.first && !event_pending(file->again, EV_TIMEOUT, NULL))
		schedule(file, CS_FILE_RETRY_MS);
}

static void deliver(struct file_exporter *file, enum cs_signal signal, size_t items)
{
	struct cs_exporter_stats *stats = &file->base.stats[signal];

	if (file->queue.first)
		queue_line(file, signal, items);
	else if (write_out(file, signal, file->line.data, file->line.len) == 0)
		stats->sent += items;
	else if (file->out.regular)
		queue_line(file, signal, items);
	else
		stats->dropped[CS_DROP_IO] += items;
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct file_exporter *file = arg;
	struct cs_otlp_request *first = file->queue.first;
	struct cs_exporter_stats *stats;
	int r;

	if (!first)
		return;
	stats = &file->base.stats[first->signal];
	stats->retries++;
	r = write_out(file, first->signal, first->data, first->len);
	if (r < 0 && file->out.regular) {
		schedule(file, CS_FILE_RETRY_MS);
		return;
	}
	*(r == 0 ? &stats->sent : &stats->dropped[CS_DROP_IO]) += first->items;
	stats->queued -= first->items;
	cs_otlp_queue_drop(&file->queue);
	if (file->queue.first)
		schedule(file, 0);
	cs_exporter_settle(&file->base);
}

static void submit(struct cs_exporter *exporter, struct cs_batch batch)
{
	struct file_exporter *file = (struct file_exporter *)exporter;
	struct cs_exporter_stats *stats = &exporter->stats[batch.signal];
	struct cs_otlp_range range = { .count = cs_batch_count(batch) };
	int r = print_line(file, batch, &range);

	if (r < 0) {
		stats->dropped[CS_DROP_ENCODE] += range.count;
		cs_exporter_fail(exporter, "%zu %s could not be encoded: %s", range.count,
				 cs_signal_items(batch.signal), strerror(-r));
	} else {
		stats->dropped[CS_DROP_ENCODE] += range.count - range.items;
	}
	if (r == 0)
		deliver(file, batch.signal, range.items);
	cs_arena_reset(&file->arena);
	if (file->arena.held_bytes > KEEP_BYTES)
		cs_arena_deinit(&file->arena);
	if (file->line.capacity_bytes > KEEP_BYTES)
		cs_buffer_deinit(&file->line);
}

static void file_abandon(struct cs_exporter *exporter)
{
	struct file_exporter *file = (struct file_exporter *)exporter;

	event_del(file->again);
	while (file->queue.first) {
		struct cs_otlp_request *first = file->queue.first;

		exporter->stats[first->signal].queued -= first->items;
		exporter->stats[first->signal].dropped[CS_DROP_SHUTDOWN] += first->items;
		cs_otlp_queue_drop(&file->queue);
	}
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
	if (file->queue.first)
		schedule(file, 0); /* the new one may be where there is room */
	return 1;
}

static void file_free(struct cs_exporter *exporter)
{
	struct file_exporter *file = (struct file_exporter *)exporter;

	cs_line_file_close(&file->out);
	if (file->again)
		event_free(file->again);
	while (file->queue.first)
		cs_otlp_queue_drop(&file->queue);
	cs_arena_deinit(&file->arena);
	cs_buffer_deinit(&file->line);
	free(file->path);
	free(file);
}

static const struct cs_exporter_ops file_ops = {
	.submit = submit,
	.abandon = file_abandon,
	.reopen = file_reopen,
	.free = file_free,
};

int cs_file_exporter_new(struct event_base *base, const char *path, struct cs_exporter **ret,
			 struct cs_diag *diag)
{
	struct file_exporter *file = calloc(1, sizeof(*file));
	char name[CS_EXPORTER_NAME_MAX];
	int r;

	if (!file)
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	snprintf(name, sizeof(name), "file %s", path);
	cs_exporter_init(&file->base, &file_ops, (1u << CS_SIGNAL_COUNT) - 1, name);
	cs_arena_init(&file->arena, 0);
	file->out.fd = -EBADF;
	file->queue.bytes_max = CS_FILE_QUEUE_BYTES;
	file->path = strdup(path);
	file->again = event_new(base, -1, 0, on_again, file);
	r = file->path && file->again ? cs_line_file_open(&file->out, path, diag)
				      : cs_diag_set(diag, -ENOMEM, "out of memory");
	if (r < 0) {
		file_free(&file->base);
		return r;
	}
	*ret = &file->base;
	return 0;
}
