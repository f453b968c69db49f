/* SPDX-License-Identifier: Apache-2.0 */

/* Facts for the assembler; see assembling.h. */
#include "tests/support/assembling.h"

#include <stdio.h>
#include <string.h>

struct seen seen;
struct cs_assembler *assembler;
uint64_t feeding_thread;

/* What is said lives with its instance. */
static const char *keep(char copy[256], const char *text)
{
	if (!text)
		return NULL;
	snprintf(copy, 256, "%s", text);
	return copy;
}

static void on_cold_start(void *context, const struct cs_cold_start *cold)
{
	seen.cold_starts++;
	seen.cold = *cold;
	seen.pid = cold->identity->pid;
	snprintf(seen.programs, sizeof(seen.programs), "%s", cold->programs ? cold->programs : "");
	for (unsigned i = 0; i < cold->phases_count; i++)
		seen.cold.phases[i].approximate =
			keep(seen.reasons[i], cold->phases[i].approximate);
	seen.cold.approximate = keep(seen.reasons[CS_PHASE_COUNT], cold->approximate);
}

static void on_invocation(void *context, const struct cs_invocation *invocation)
{
	const char *state = invocation->context.trace_state;
	unsigned i = seen.invocations++ % SEEN_MAX;

	seen.invocation[i] = *invocation;
	seen.invocation[i].approximate = keep(seen.said[i], invocation->approximate);
	seen.linked = invocation->started;
	if (seen.linked)
		seen.started = *invocation->started;
	seen.follows = invocation->previous;
	if (seen.follows)
		seen.previous = *invocation->previous;
	snprintf(seen.trace_state, sizeof(seen.trace_state), "%s", state ? state : "");
}

static void on_log(void *context, const struct cs_log_entry *entry)
{
	unsigned i = seen.logs++ % SEEN_MAX;

	seen.log[i] = *entry;
	seen.log_context[i] = (struct cs_span_context){ .trace_flags = 0 };
	if (entry->context)
		seen.log_context[i] = *entry->context;
	snprintf(seen.line[i], sizeof(seen.line[i]), "%s", entry->text);
}

static void on_span(void *context, const struct cs_inner_span *span)
{
	unsigned i = seen.spans++ % SEEN_MAX;

	seen.span[i] = *span;
	snprintf(seen.named[i], sizeof(seen.named[i]), "%s", span->name);
	seen.span[i].name = seen.named[i];
	seen.span[i].approximate = keep(seen.excused[i], span->approximate);
}

static void on_waited(void *context, int32_t pid, const struct cs_used *used)
{
	seen.waited = pid;
	seen.waited_used = *used;
}

void assembling_start(void)
{
	const struct cs_assembler_sink sink = { .cold_start = on_cold_start,
						.invocation = on_invocation,
						.span = on_span,
						.log = on_log,
						.waited = on_waited };
	const struct cs_id_key key = { { 7 } };

	feeding_thread = 0;
	assembler = cs_assembler_new(&key, &sink);
	if (!assembler)
		abort();
}

void assembling_stop(void)
{
	assembler = cs_assembler_free(assembler);
}

void put_identity(struct cs_header *header, const char *string)
{
	size_t len = strlen(string) + 1;

	memcpy(header->identity + header->identity_len, string, len);
	header->identity_len += (uint32_t)len;
}

struct cs_header header_of(int32_t pid, const char *name)
{
	struct cs_header header = { .pid = pid, .attach_monotonic_ns = 40 * MS };
	char service[64];

	snprintf(service, sizeof(service), "env.OTEL_SERVICE_NAME=%s", name);
	put_identity(&header, service);
	put_identity(&header, "exe=/app/function");
	header.marks[CS_MARK_ATTACH] = 40 * MS;
	header.marks[CS_MARK_MAIN] = 50 * MS;
	return header;
}

void feed(struct cs_assembled *instance, uint32_t pid, unsigned type, uint64_t time_ns,
	  const void *payload, size_t payload_len, const char *text)
{
	struct cs_entry entry = { .pid = pid, .position = time_ns };
	size_t text_len = text ? strlen(text) : 0;

	entry.record.type = (uint16_t)type;
	entry.record.time_ns = time_ns;
	entry.record.thread = feeding_thread;
	entry.record.payload_len = (uint16_t)(payload_len + text_len);
	memcpy(entry.bytes + sizeof(entry.record), payload, payload_len);
	if (text)
		memcpy(entry.bytes + sizeof(entry.record) + payload_len, text, text_len);
	cs_assembler_record(instance, &entry, time_ns);
}

void feed_log(struct cs_assembled *instance, uint32_t pid, enum cs_log_stream stream,
	      uint64_t time_ns, const char *text)
{
	struct cs_rec_log rec = { .stream = (uint8_t)stream, .text_len = (uint16_t)strlen(text) };

	feed(instance, pid, CS_RECORD_LOG, time_ns, &rec, sizeof(rec), text);
}

static void feed_post(struct cs_assembled *instance, uint32_t pid, uint64_t connection,
		      uint64_t time_ns, const char *headers, uint32_t flags)
{
	struct cs_rec_request rec = { .connection = connection,
				      .flags = flags,
				      .method_len = 4,
				      .target_len = 2,
				      .headers_len = (uint16_t)strlen(headers),
				      .version = 11 };
	char text[512];

	snprintf(text, sizeof(text), "POST/x%s", headers);
	feed(instance, pid, CS_RECORD_REQUEST, time_ns, &rec, sizeof(rec), text);
}

void feed_request(struct cs_assembled *instance, uint32_t pid, uint64_t connection,
		  uint64_t time_ns, const char *headers)
{
	feed_post(instance, pid, connection, time_ns, headers, 0);
}

void feed_handed_request(struct cs_assembled *instance, uint32_t pid, uint64_t connection,
			 uint64_t time_ns)
{
	feed_post(instance, pid, connection, time_ns, "", CS_REQUEST_OF_FIRST);
}

void feed_end(struct cs_assembled *instance, uint32_t pid, uint64_t connection, uint64_t time_ns)
{
	struct cs_rec_response first = { .connection = connection, .status = 200 };
	struct cs_rec_response_end end = { .connection = connection, .status = 200 };

	feed(instance, pid, CS_RECORD_RESPONSE, time_ns - MS, &first, sizeof(first), NULL);
	feed(instance, pid, CS_RECORD_RESPONSE_END, time_ns, &end, sizeof(end), NULL);
}

struct cs_header server_of(int32_t pid, const char *name)
{
	struct cs_header header = header_of(pid, name);

	header.marks[CS_MARK_LISTEN] = 60 * MS;
	header.marks[CS_MARK_ACCEPT_WAIT] = 61 * MS;
	return header;
}

struct cs_header later_of(int32_t pid, const char *name)
{
	struct cs_header header = header_of(pid, name);

	header.attach_monotonic_ns = 140 * MS;
	header.marks[CS_MARK_ATTACH] = 140 * MS;
	header.marks[CS_MARK_MAIN] = 150 * MS;
	header.marks[CS_MARK_STDIN_READ] = 170 * MS;
	return header;
}

struct cs_assembled *attach_server(void)
{
	struct cs_header header = server_of(100, "server");

	return cs_assembler_attach(assembler, 1, &header, 100);
}

struct cs_assembler_stats stats_now(void)
{
	struct cs_assembler_stats stats;

	cs_assembler_get_stats(assembler, &stats);
	return stats;
}

void feed_spawn(struct cs_assembled *instance, int32_t child, uint64_t time_ns)
{
	struct cs_rec_spawn spawn = { .child_pid = child,
				      .kind = CS_SPAWN_FORK,
				      .end_ns = time_ns + MS };

	feed(instance, 0, CS_RECORD_SPAWN, time_ns, &spawn, sizeof(spawn), NULL);
}

void feed_exec(struct cs_assembled *instance, int32_t pid, uint64_t time_ns)
{
	struct cs_rec_exec exec = { .pid = pid };

	feed(instance, (uint32_t)pid, CS_RECORD_EXEC, time_ns, &exec, sizeof(exec), NULL);
}

const struct cs_phase_part *phase_of(enum cs_phase phase)
{
	for (unsigned i = 0; i < seen.cold.phases_count; i++) {
		if (seen.cold.phases[i].phase == phase)
			return &seen.cold.phases[i];
	}
	return NULL;
}

void end_process(struct cs_assembled *instance, int32_t pid, int status, uint64_t time_ns)
{
	cs_assembler_ended(instance, (uint32_t)pid, CS_ASSEMBLER_STATUS, status, time_ns);
	cs_assembler_detach(instance);
}
