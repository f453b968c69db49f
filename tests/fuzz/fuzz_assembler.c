/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Facts in any order, from anybody, through the assembler to spans and to OTLP. Held for every input:
 * phases are contiguous, in order and sum exactly to the cold start; an invocation lies inside of its
 * start and end; ids are there, and no span is told twice; nothing has one key twice; text is UTF-8; nothing is told of what was
 * not fed; what was detached is forgotten; spans are told, or counted as lost. Not held here: that a
 * span says what is true (tests/unit/collector), and reading segments (fuzz_announce.c).
 *
 * Input: steps of struct step, each followed by `text_len` bytes of its own. Facts are as the
 * collector may have them: a record's payload_len is that of its bytes, its position its own, the
 * number of a segment given by us. All else comes from the input.
 */
#include <string.h>
#include <sys/resource.h>

#include "collector/assembler/assembled.h"
#include "collector/assembler/assembler.h"
#include "preload/include/coldspan.h"
#include "preload/wire/records.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/span_checks.h"

#define INSTANCES  8u
#define PIDS       12u
#define UNIT_NS    10000000ull /* of a step's clock: 65,535 of them are far above all holds */
#define BURST_MAX  4200u       /* requests by bursts in one input: above what an instance keeps */
#define WIDE_TIME  0x01u       /* the value is the time in ns, as hostile as it likes */
#define WIDE_VALUE 0x02u       /* numbers are not cut to what is plausible */
#define LARGE      0xa5u       /* flags: a burst above all bounds */
#define LARGE_MAX  160u        /* only in inputs that short, since it is slow */
#define STEPS_MAX  4096u

struct step {
	uint8_t what; /* a record type, or enum what */
	uint8_t instance;
	uint8_t tag;
	uint8_t connection;
	uint8_t text_len;
	uint8_t flags;
	uint8_t time[2];
	uint8_t value[8];
};

enum what {
	ATTACH = 16,
	TICK,
	CHILD,
	CHILD_ENDED,
	FLUSH,
	LOOK,
	ENDED,
	OWN_ENDED,
	DETACH,
	RAW_RECORD,
	BURST,
	USAGE,
	EVENT, /* a record of that type */
	API_BEGIN,
	API_END,
	API_NOTE,
	TYPED, /* a record of the type that stands in the value's top five bits */
	READ,  /* a look at its rings is over */
	WHAT_COUNT,
};

struct run {
	struct cs_assembler *assembler;
	struct cs_assembled *instances[INSTANCES];
	struct cs_header headers[INSTANCES];
	struct span_checks checks;
	uint64_t segments;
	uint64_t position;
	unsigned burst;
	bool short_input;
};

/* One step, read. */
struct now {
	const struct step *step;
	const char *text;
	uint64_t time_ns;
	uint64_t value;
	int32_t pid;
};

/* It is about an action loop, whose events are named by a number. */
#define IS_LOOP(now) ((now)->value >> 20 & 1)

#define STRINGS(...)                                                                               \
	{                                                                                          \
		__VA_ARGS__, sizeof(__VA_ARGS__)                                                   \
	}

static const struct {
	const char *bytes;
	size_t len;
} identities[] = {
	STRINGS("env.Http_Method=POST\0env.Http_X_Call_Id=c-1"),
	STRINGS("env.Http_Traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
	STRINGS("script=/app/handler.py\0exe=/usr/bin/python3"),
	STRINGS("exe=/app/function"),
};

#define TRACED "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"

static const char *const headers_text[] = {
	"",
	"x-call-id: c-1\n",
	TRACED "tracestate: a=b\nx-call-id: c-2\n",
	"x-request-id: r-1\nx-call-id: c-2\n",
};

static void attach(struct run *run, unsigned i, const struct now *now)
{
	struct cs_header *header = &run->headers[i];
	unsigned which = now->value % 4;

	if (run->instances[i])
		return;
	memset(header, 0, sizeof(*header));
	header->pid = now->pid;
	header->uid = (uint32_t)(now->value >> 2 & 1);
	header->flags = IS_LOOP(now) ? CS_HEADER_LOOP : 0;
	header->attach_monotonic_ns = now->time_ns;
	header->attach_realtime_ns =
		now->step->flags & WIDE_VALUE ? now->value : 1700000000000000000u + now->time_ns;
	header->marks[CS_MARK_ATTACH] = now->time_ns;
	memcpy(header->identity, identities[which].bytes, identities[which].len);
	memcpy(header->identity + identities[which].len, now->text, now->step->text_len);
	header->identity_len = (uint32_t)(identities[which].len + now->step->text_len);
	if (now->step->flags & WIDE_VALUE)
		header->identity_len += (uint32_t)(now->value >> 32);
	run->instances[i] = cs_assembler_attach(run->assembler, ++run->segments, header, now->pid);
	CS_FUZZ_CHECK(run->instances[i]);
	run->checks.attached++;
}

/* --- records --- */

static size_t put(unsigned char *payload, const void *rec, size_t len)
{
	memcpy(payload, rec, len);
	return len;
}

static size_t put_request(unsigned char *payload, const struct now *now, uint32_t sequence)
{
	const char *known = headers_text[now->value % 4];
	size_t known_len = strlen(known), len = now->step->text_len;
	struct cs_rec_request rec = { .connection = now->step->connection,
				      .sequence = sequence,
				      .method_len = 4,
				      .target_len = 2,
				      .headers_len = (uint16_t)(known_len + len) };

	if (now->step->flags & WIDE_VALUE)
		rec.target_len = (uint16_t)(now->value >> 16);
	memcpy(payload, &rec, sizeof(rec));
	memcpy(payload + sizeof(rec), "POST/x", 6);
	memcpy(payload + sizeof(rec) + 6, known, known_len);
	memcpy(payload + sizeof(rec) + 6 + known_len, now->text, len);
	return sizeof(rec) + 6 + known_len + len;
}

#define EVENT_ID "lambda-runtime-aws-request-id: "

static size_t put_line(unsigned char *payload, const struct now *now)
{
	const char *known = headers_text[now->value % 4];
	uint32_t sequence = now->step->connection % 4;
	struct cs_rec_invocation rec = {
		.source = CS_INVOCATION_STDIO,
		.flags = (uint16_t)(now->value >> 8 & 31),
		.text_len = (uint16_t)(sizeof(sequence) + strlen(known) + now->step->text_len),
		.id_len = sizeof(sequence),
	};
	size_t len;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.text_len, now->step->value, 6);
	len = put(payload, &rec, sizeof(rec));
	len += put(payload + len, &sequence, sizeof(sequence));
	len += put(payload + len, known, strlen(known));
	return len + put(payload + len, now->text, now->step->text_len);
}

static size_t put_answer(unsigned char *payload, const struct now *now)
{
	uint32_t sequence = now->step->connection % 4;
	struct cs_rec_invocation_end rec = { .first_ns = now->value % 65536 * UNIT_NS,
					     .bytes = now->value,
					     .source = CS_INVOCATION_STDIO,
					     .outcome = (uint16_t)(now->value & 7),
					     .flags = (uint16_t)(now->value >> 3 & 7),
					     .text_len = sizeof(sequence),
					     .id_len = sizeof(sequence),
					     .headers_offset = sizeof(sequence) };
	size_t len;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.text_len, now->step->value, 8);
	len = put(payload, &rec, sizeof(rec));
	return len + put(payload + len, &sequence, sizeof(sequence));
}

/* Ids are few, so that they meet. What is wide says anything of its lengths. */
static size_t put_invocation(unsigned char *payload, const struct now *now)
{
	struct cs_rec_invocation rec = { .asked_ns = now->value % 65536 * UNIT_NS,
					 .source = CS_INVOCATION_LAMBDA,
					 .text_len = (uint16_t)(sizeof(EVENT_ID) + 1 +
								now->step->text_len),
					 .id_offset = sizeof(EVENT_ID) - 1,
					 .id_len = 1 };
	size_t len = 0;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.text_len, now->step->value, 6);
	len += put(payload, &rec, sizeof(rec));
	len += put(payload + len, EVENT_ID, sizeof(EVENT_ID) - 1);
	payload[len++] = (unsigned char)('a' + now->step->connection % 4);
	payload[len++] = '\n';
	return len + put(payload + len, now->text, now->step->text_len);
}

static size_t put_invocation_end(unsigned char *payload, const struct now *now)
{
	struct cs_rec_invocation_end rec = { .first_ns = now->value % 65536 * UNIT_NS,
					     .bytes = now->value,
					     .source = CS_INVOCATION_LAMBDA,
					     .outcome = (uint16_t)(now->value & 3),
					     .flags = (uint16_t)(now->value >> 2 & 3),
					     .status = (uint16_t)(now->value >> 4),
					     .text_len = (uint16_t)(1 + now->step->text_len),
					     .id_len = 1,
					     .headers_offset = 1 };
	size_t len = 0;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.text_len, now->step->value, 8);
	len += put(payload, &rec, sizeof(rec));
	payload[len++] = (unsigned char)('a' + now->step->connection % 4);
	return len + put(payload + len, now->text, now->step->text_len);
}

/* Handles are few, too. */
static size_t put_api_begin(unsigned char *payload, const struct now *now)
{
	struct cs_rec_api_begin rec = { .span = 1u + now->step->connection % 8,
					.parent = now->value % 8,
					.trigger = (uint16_t)(now->value >> 8 & 7),
					.name_len = now->step->text_len / 2,
					.headers_len = now->step->text_len / 2 };
	size_t len;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.trigger, now->step->value, 8);
	len = put(payload, &rec, sizeof(rec));
	return len + put(payload + len, now->text, now->step->text_len);
}

/* Two attributes that are well-formed, and then anything. */
static size_t put_api_note(unsigned char *payload, const struct now *now)
{
	struct cs_rec_api_attribute one = { .type = COLDSPAN_STRING, .key_len = 1, .value_len = 2 };
	struct cs_rec_api_attribute two = { .type = (uint8_t)(now->value >> 16 & 7),
					    .key_len = 1,
					    .value_len = 8 };
	struct cs_rec_api_note rec = { .span = 1u + now->step->connection % 8,
				       .kind = (uint16_t)(now->value & 3),
				       .status = (uint16_t)(now->value >> 8 & 3),
				       .text_len = 4,
				       .count = (uint16_t)(now->value >> 24 & 3),
				       .attributes_len = (uint16_t)(9 + 15 + now->step->text_len) };
	size_t len;

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.kind, now->step->value, 8);
	len = put(payload, &rec, sizeof(rec));
	len += put(payload + len, "note", 4);
	len += put(payload + len, &one, sizeof(one));
	len += put(payload + len, "kvv", 3);
	len += put(payload + len, &two, sizeof(two));
	payload[len++] = (unsigned char)('a' + (now->value >> 32) % 26);
	len += put(payload + len, &now->value, sizeof(now->value));
	return len + put(payload + len, now->text, now->step->text_len);
}

static size_t put_event(unsigned char *payload, const struct now *now)
{
	struct cs_rec_event rec = { .messages = now->value & 255,
				    .source = CS_INVOCATION_LAMBDA,
				    .service = (uint16_t)(now->value >> 8 & 15),
				    .flags = (uint16_t)(now->value >> 12 & 3),
				    .id_len = 1,
				    .text_len = (uint16_t)(1 + now->step->text_len) };
	struct cs_event_of of = { now->step->connection, (uint32_t)(now->value >> 8 & 7) };
	unsigned char id[CS_EVENT_OF_BYTES] = { (unsigned char)('a' + now->step->connection % 4) };
	size_t len = 0;

	if (now->value >> 14 & 1) { /* of a request */
		rec.source = CS_INVOCATION_HTTP;
		rec.id_len = CS_EVENT_OF_BYTES;
		rec.text_len = (uint16_t)(CS_EVENT_OF_BYTES + now->step->text_len);
		memcpy(id, &of, CS_EVENT_OF_BYTES);
	}
	len = rec.id_len;
	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.id_len, now->step->value, 4);
	put(payload, &rec, sizeof(rec));
	memcpy(payload + sizeof(rec), id, len);
	len += sizeof(rec);
	return len + put(payload + len, now->text, now->step->text_len);
}

/* Connections, calls and names are few, so that they meet. */
static size_t put_connect(unsigned char *payload, const struct now *now)
{
	struct cs_rec_connect rec = { .connection = now->step->connection % 8,
				      .begin_ns = (now->value & 255) * UNIT_NS,
				      .error = now->value >> 8 & 1,
				      .stage = (uint16_t)(now->value >> 9 & 3),
				      .family = (uint16_t)(now->value >> 11 & 3),
				      .text_len = now->step->text_len };

	memcpy(rec.address, now->step->value, sizeof(now->step->value));
	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.stage, now->step->value, 8);
	return put(payload, &rec, sizeof(rec)) +
	       put(payload + sizeof(rec), now->text, now->step->text_len);
}

static size_t put_call(unsigned char *payload, const struct now *now)
{
	struct cs_rec_call rec = { .connection = now->step->connection % 8,
				   .sequence = now->value & 7,
				   .protocol = (uint16_t)(now->value >> 8 & 7),
				   .flags = (uint16_t)(now->value >> 11 & 3),
				   .method_len = now->step->text_len / 3,
				   .target_len = now->step->text_len / 3,
				   .headers_len = now->step->text_len / 3 };

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.method_len, now->step->value, 6);
	return put(payload, &rec, sizeof(rec)) +
	       put(payload + sizeof(rec), now->text, now->step->text_len);
}

static size_t put_call_end(unsigned char *payload, const struct now *now)
{
	struct cs_rec_call_end rec = { .connection = now->step->connection % 8,
				       .sequence = now->value & 7,
				       .status = (uint16_t)(now->value >> 8 & 1023),
				       .flags = (uint16_t)(now->value >> 18 & 15),
				       .first_ns = (now->value >> 22 & 255) * UNIT_NS,
				       .bytes_in = now->value };

	return put(payload, &rec, sizeof(rec));
}

static size_t put_lookup(unsigned char *payload, const struct now *now)
{
	struct cs_rec_lookup rec = { .begin_ns = now->step->connection % 8 * UNIT_NS,
				     .error = now->value >> 8 & 1,
				     .done = (uint16_t)(now->value & 1),
				     .name_len = now->step->text_len % 16,
				     .addresses_count = now->step->text_len / 16 };

	if (now->step->flags & WIDE_VALUE)
		memcpy(&rec.done, now->step->value, 6);
	return put(payload, &rec, sizeof(rec)) +
	       put(payload + sizeof(rec), now->text, now->step->text_len);
}

static size_t put_log(unsigned char *payload, const struct now *now)
{
	struct cs_rec_log rec = { .stream = now->step->connection % 5,
				  .text_len = now->step->flags & WIDE_VALUE ? (uint16_t)now->value
									    : now->step->text_len,
				  .lost = (uint32_t)(now->value >> 60) };

	return put(payload, &rec, sizeof(rec)) +
	       put(payload + sizeof(rec), now->text, now->step->text_len);
}

static size_t put_payload(unsigned char *payload, unsigned type, const struct now *now)
{
	int32_t pid = now->step->connection % PIDS;
	uint64_t begin_ns =
		now->step->flags & WIDE_VALUE ? now->value : now->value % 65536 * UNIT_NS;
	struct cs_rec_process process = { .spawn_begin_ns = begin_ns };
	struct cs_rec_spawn spawn = { .child_pid = pid, .end_ns = begin_ns };
	struct cs_rec_exec exec = { .pid = pid, .spawn_begin_ns = begin_ns };
	struct cs_rec_wait wait = { .pid = pid,
				    .status = (int32_t)now->value,
				    .cpu_ns = now->value,
				    .max_rss_bytes = now->value };
	struct cs_rec_response first = { .connection = now->step->connection,
					 .sequence = (uint32_t)(now->value >> 8 & 7),
					 .status = (uint16_t)now->value };
	struct cs_rec_response_end end = { .connection = now->step->connection,
					   .sequence = (uint32_t)(now->value >> 8 & 7),
					   .flags = (uint16_t)now->value,
					   .request_bytes = now->value };
	struct cs_rec_api_end api_end = { .span = 1u + now->step->connection % 8 };
	struct cs_rec_ready ready = { .mark = now->step->connection % (CS_MARK_COUNT + 1) };

	switch (type) {
	case CS_RECORD_PROCESS:
		return put(payload, &process, sizeof(process));
	case CS_RECORD_SPAWN:
		return put(payload, &spawn, sizeof(spawn));
	case CS_RECORD_EXEC:
		return put(payload, &exec, sizeof(exec));
	case CS_RECORD_WAIT:
		return put(payload, &wait, sizeof(wait));
	case CS_RECORD_REQUEST:
		return put_request(payload, now, (uint32_t)(now->value >> 8 & 7));
	case CS_RECORD_RESPONSE:
		return put(payload, &first, sizeof(first));
	case CS_RECORD_RESPONSE_END:
		return put(payload, &end, sizeof(end));
	case CS_RECORD_INVOCATION:
		return IS_LOOP(now) ? put_line(payload, now) : put_invocation(payload, now);
	case CS_RECORD_INVOCATION_END:
		return IS_LOOP(now) ? put_answer(payload, now) : put_invocation_end(payload, now);
	case CS_RECORD_EVENT:
		return put_event(payload, now);
	case CS_RECORD_READY:
		return put(payload, &ready, sizeof(ready));
	case CS_RECORD_API_BEGIN:
		return put_api_begin(payload, now);
	case CS_RECORD_API_END:
		return put(payload, &api_end, sizeof(api_end));
	case CS_RECORD_API_NOTE:
		return put_api_note(payload, now);
	case CS_RECORD_LOG:
		return put_log(payload, now);
	case CS_RECORD_CONNECT:
		return put_connect(payload, now);
	case CS_RECORD_CALL:
		return put_call(payload, now);
	case CS_RECORD_CALL_END:
		return put_call_end(payload, now);
	case CS_RECORD_LOOKUP:
		return put_lookup(payload, now);
	default: /* nothing is made of them: of any size */
		return put(payload, now->text, now->step->text_len);
	}
}

static void record(struct run *run, struct cs_assembled *instance, unsigned type,
		   const struct now *now, size_t payload_len, struct cs_entry *entry)
{
	entry->pid = (uint32_t)now->pid;
	entry->position = ++run->position;
	entry->record.type = (uint16_t)type;
	entry->record.payload_len = (uint16_t)payload_len;
	entry->record.time_ns = now->time_ns;
	run->checks.requests += type == CS_RECORD_REQUEST || type == CS_RECORD_INVOCATION ||
				type == CS_RECORD_API_BEGIN;
	cs_assembler_record(instance, entry, now->time_ns);
}

static void burst(struct run *run, struct cs_assembled *instance, const struct now *now)
{
	struct cs_entry entry;
	bool large = run->short_input && now->step->flags == LARGE;
	unsigned count = (unsigned)(now->value % (large ? BURST_MAX : 16));

	for (unsigned i = 0; i < count && run->burst < BURST_MAX; i++, run->burst++) {
		size_t len = put_request(entry.bytes + sizeof(entry.record), now, i);

		record(run, instance, CS_RECORD_REQUEST, now, len, &entry);
	}
}

/* --- steps --- */

static void child_ended(struct run *run, const struct now *now)
{
	struct rusage usage = { .ru_maxrss = now->step->tag };

	usage.ru_utime.tv_sec = now->step->connection;
	cs_assembler_child_ended(run->assembler, now->pid, (int)now->value, now->time_ns,
				 now->step->flags & WIDE_VALUE ? &usage : NULL);
}

static bool step_of_all(struct run *run, const struct now *now)
{
	switch (now->step->what % WHAT_COUNT) {
	case TICK:
		cs_assembler_tick(run->assembler, now->time_ns);
		return true;
	case CHILD:
		cs_assembler_child(run->assembler, now->pid, now->time_ns,
				   now->value % 65536 * UNIT_NS);
		return true;
	case CHILD_ENDED:
		child_ended(run, now);
		return true;
	case FLUSH:
		run->checks.flushed = true;
		cs_assembler_flush(run->assembler);
		return true;
	default:
		return false;
	}
}

static void look(struct run *run, unsigned i, const struct now *now)
{
	struct cs_header *header = &run->headers[i];

	header->marks[now->step->connection % CS_MARKS_MAX] = now->time_ns;
	header->facts[now->step->connection % CS_FACTS_MAX] = now->value;
	cs_assembler_look(run->instances[i], header);
}

static void step_of_one(struct run *run, unsigned i, const struct now *now)
{
	struct cs_assembled *instance = run->instances[i];
	uint32_t own = (uint32_t)instance->identity.pid;
	enum cs_assembler_end end = now->step->connection % 4;
	unsigned what = now->step->what % WHAT_COUNT;
	struct cs_entry entry;
	unsigned char *payload = entry.bytes + sizeof(entry.record);

	switch (what) {
	case LOOK:
		look(run, i, now);
		return;
	case ENDED:
	case OWN_ENDED:
		cs_assembler_ended(instance, what == OWN_ENDED ? own : (uint32_t)now->pid, end,
				   (int)now->value, now->time_ns);
		return;
	case DETACH:
		cs_assembler_detach(instance);
		run->instances[i] = NULL;
		return;
	case RAW_RECORD:
		record(run, instance, now->value % 32, now,
		       put(payload, now->text, now->step->text_len), &entry);
		return;
	case BURST:
		burst(run, instance, now);
		return;
	case API_BEGIN:
	case API_END:
	case API_NOTE:
		what = CS_RECORD_API_BEGIN + what - API_BEGIN;
		record(run, instance, what, now, put_payload(payload, what, now), &entry);
		return;
	case TYPED:
		what = (unsigned)(now->value >> 59);
		record(run, instance, what, now, put_payload(payload, what, now), &entry);
		return;
	case READ:
		cs_assembler_read(instance,
				  now->step->flags & WIDE_VALUE ? now->value : now->time_ns,
				  now->step->connection % 4, now->time_ns);
		return;
	case USAGE:
		cs_assembler_usage(instance,
				   &(struct cs_usage_so_far){ .cpu_ns = now->value,
							      .faults_minor = (uint32_t)now->value,
							      .faults_major = (uint32_t)now->value,
							      .read_bytes = now->value,
							      .known = true },
				   now->value & 1);
		return;
	default:
		if (what == EVENT)
			what = CS_RECORD_EVENT;
		record(run, instance, what, now, put_payload(payload, what, now), &entry);
	}
}

static void step_in(struct run *run, const struct step *step, const char *text)
{
	unsigned i = step->instance % INSTANCES;
	struct now now = { .step = step, .text = text, .pid = step->tag % PIDS };

	memcpy(&now.value, step->value, sizeof(now.value));
	now.time_ns = (uint64_t)(step->time[0] | step->time[1] << 8) * UNIT_NS;
	if (step->flags & WIDE_TIME)
		now.time_ns = now.value;
	if (step_of_all(run, &now))
		return;
	if (step->what % WHAT_COUNT == ATTACH)
		attach(run, i, &now);
	else if (run->instances[i])
		step_of_one(run, i, &now);
	if (!run->instances[i])
		return;
	/* The event of a process is one more, of at most its identity's strings. */
	CS_FUZZ_CHECK(run->instances[i]->requests_count <= CS_ASSEMBLER_REQUESTS_MAX + 1);
	CS_FUZZ_CHECK(run->instances[i]->requests_bytes <= CS_ASSEMBLER_BYTES_MAX + 16384);
}

/* Whatever was claimed: when all is over, all is told, and nothing is left. */
static void finish(struct run *run)
{
	for (unsigned i = 0; i < INSTANCES; i++) {
		if (run->instances[i])
			cs_assembler_detach(run->instances[i]);
	}
	cs_assembler_flush(run->assembler);
	cs_assembler_tick(run->assembler, UINT64_MAX);
	CS_FUZZ_CHECK(cs_assembler_tick(run->assembler, UINT64_MAX) == 0);
	for (uint64_t segment = 1; segment <= run->segments; segment++)
		CS_FUZZ_CHECK(!cs_assembled_find(run->assembler, segment));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cs_id_key key = { { 7 } };
	struct run *run = calloc(1, sizeof(*run));
	struct cs_assembler_stats stats;
	struct cs_assembler_sink sink;
	struct step step;

	CS_FUZZ_CHECK(run);
	run->short_input = size <= LARGE_MAX;
	span_checks_init(&run->checks, &sink);
	run->assembler = cs_assembler_new(&key, &sink);
	CS_FUZZ_CHECK(run->assembler);
	for (unsigned n = 0; size >= sizeof(step) && n < STEPS_MAX; n++) {
		memcpy(&step, data, sizeof(step));
		data += sizeof(step);
		size -= sizeof(step);
		if (step.text_len > size)
			step.text_len = (uint8_t)size;
		step_in(run, &step, (const char *)data);
		data += step.text_len;
		size -= step.text_len;
	}
	finish(run);
	cs_assembler_get_stats(run->assembler, &stats);
	span_checks_finish(&run->checks, &stats);
	cs_assembler_free(run->assembler);
	free(run);
	return 0;
}
