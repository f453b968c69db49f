/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/log_records: lines as log records of their instances. */
#include "collector/logs/log_records.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "collector/assembler/inbound.h"
#include "preload/wire/records.h"

static struct cs_log_records records;
static struct cs_identity identity = {
	.name = "hello",
	.pid = 7,
	.segment = 1,
	.anchor_monotonic_ns = 1000,
	.anchor_realtime_ns = 1700000000000000000u,
};

static void start(void)
{
	cs_log_records_init(&records);
}

static void stop(void)
{
	cs_log_records_deinit(&records);
}

TestSuite(log_records, .init = start, .fini = stop);

static struct cs_log_entry entry_of(const struct cs_identity *of, const char *text)
{
	return (struct cs_log_entry){ .identity = of,
				      .pid = 7,
				      .stream = CS_LOG_STDOUT,
				      .time_ns = 1500,
				      .observed_ns = 2000,
				      .text = text,
				      .len = strlen(text) };
}

static const struct cs_value *attr(const struct cs_attrs *attrs, const char *key)
{
	for (size_t i = 0; i < attrs->count; i++) {
		if (!strcmp(attrs->items[i].key, key))
			return &attrs->items[i].value;
	}
	return NULL;
}

static const struct cs_log_record *only_record(const struct cs_log_entry *entry)
{
	static struct cs_log_batch batch;

	cs_log_records_add(&records, entry);
	cr_assert(cs_log_records_batch(&records, &batch));
	cr_assert(eq(sz, cs_log_batch_count(&batch), 1));
	return batch.groups[0].records;
}

Test(log_records, a_plain_line)
{
	struct cs_log_entry entry = entry_of(&identity, "text");
	const struct cs_log_record *record = only_record(&entry);

	cr_assert(eq(u64, record->time_unix_ns, 1700000000000000500u));
	cr_assert(eq(u64, record->observed_unix_ns, 1700000000000001000u));
	cr_assert(eq(str, (char *)record->body, (char *)"text"));
	cr_assert(eq(int, (int)record->severity_number, 0));
	cr_assert(eq(ptr, (void *)record->severity_text, NULL));
	cr_assert(eq(sz, record->attrs.count, 1));
	cr_assert(eq(str, (char *)attr(&record->attrs, "log.iostream")->string, (char *)"stdout"));
}

Test(log_records, what_is_known_of_a_line_is_told)
{
	struct cs_span_context context = { .trace_id = { { 1 } },
					   .span_id = { { 2 } },
					   .trace_flags = 1 };
	struct cs_log_entry entry = entry_of(&identity, "text");
	const struct cs_log_record *record;

	entry.context = &context;
	entry.invocation_id = "id-1";
	entry.pid = 8;
	entry.cut = 44;
	entry.severity = CS_SEVERITY_ERROR;
	strcpy(entry.severity_text, "error");
	entry.unix_ns = 1700000000000000001u;
	entry.stream = CS_LOG_FRAMED;
	record = only_record(&entry);
	cr_assert(eq(int, record->trace_id.bytes[0], 1));
	cr_assert(eq(int, record->span_id.bytes[0], 2));
	cr_assert(eq(u32, record->flags, 1));
	cr_assert(eq(u64, record->time_unix_ns, 1700000000000000001u));
	cr_assert(eq(str, (char *)record->severity_text, (char *)"error"));
	cr_assert(eq(str, (char *)attr(&record->attrs, "faas.invocation_id")->string,
		     (char *)"id-1"));
	cr_assert(eq(i64, attr(&record->attrs, "coldspan.worker.pid")->integer, 8));
	cr_assert(eq(i64, attr(&record->attrs, "coldspan.log.cut_bytes")->integer, 44));
	cr_assert(eq(ptr, (void *)attr(&record->attrs, "log.iostream"), NULL));
}

Test(log_records, a_time_that_cannot_be_is_not_believed)
{
	struct cs_log_entry entry = entry_of(&identity, "text");

	entry.unix_ns = 5;
	cr_assert(eq(u64, only_record(&entry)->time_unix_ns, 1700000000000000500u));
}

Test(log_records, instances_have_groups_in_the_order_of_their_lines)
{
	struct cs_identity other = identity;
	struct cs_log_batch batch;
	const char *const texts[] = { "a", "b", "c", "d", "e" };

	other.segment = 2;
	for (size_t i = 0; i < 5; i++) {
		struct cs_log_entry entry = entry_of(i % 2 ? &other : &identity, texts[i]);

		cs_log_records_add(&records, &entry);
	}
	cr_assert(cs_log_records_batch(&records, &batch));
	cr_assert(eq(sz, batch.groups_count, 2));
	cr_assert(eq(sz, batch.groups[0].records_count, 3));
	cr_assert(eq(str, (char *)batch.groups[0].records[2].body, (char *)"e"));
	cr_assert(eq(str, (char *)batch.groups[1].records[0].body, (char *)"b"));
	cr_assert(eq(str, (char *)attr(&batch.groups[1].resource, "service.name")->string,
		     (char *)"hello"));
	cs_log_records_reset(&records);
	cr_assert(not(cs_log_records_batch(&records, &batch)));
}

Test(log_records, what_does_not_fit_is_counted)
{
	struct cs_log_entry entry = entry_of(&identity, "text");

	for (unsigned i = 0; i < CS_LOG_RECORDS_MAX; i++) {
		cr_assert(not(cs_log_records_full(&records)));
		cs_log_records_add(&records, &entry);
	}
	cr_assert(cs_log_records_full(&records));
	cs_log_records_add(&records, &entry);
	cr_assert(eq(u64, records.lost, 1));
}
