/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records of perf events, one behind the other as in a ring: taken apart, put in order, and made into
 * processes.
 */
#include <string.h>

#include "base/utf8.h"
#include "collector/sideband/outside_queue.h"
#include "collector/sideband/perf_record.h"
#include "tests/fuzz/fuzz.h"

#define HEADER_BYTES 8u
#define SIZE_AT      6u /* in the header */

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	CS_FUZZ_CHECK(len < size);
	CS_FUZZ_CHECK(cs_utf8_valid(text, len));
	for (size_t i = 0; i < len; i++)
		CS_FUZZ_CHECK((unsigned char)text[i] >= 0x20);
}

static void check_process(const struct cs_outside_process *process)
{
	uint64_t before_ns, exec_ns = cs_outside_exec_before(process, 1u << 20, &before_ns);

	CS_FUZZ_CHECK(process->pid > 0 && process->pid != 1);
	CS_FUZZ_CHECK(exec_ns <= 1u << 20 && before_ns <= exec_ns);
	CS_FUZZ_CHECK(process->mapped || (!process->mapped_first_ns && !process->mapped_last_ns));
	check_text(process->name, sizeof(process->name));
	check_text(process->file, sizeof(process->file));
}

static size_t step(struct cs_outside_queue *queue, struct cs_outside *outside, const uint8_t *data,
		   size_t size)
{
	struct cs_perf_record record;
	uint16_t len;

	if (size < HEADER_BYTES)
		return 0;
	memcpy(&len, data + SIZE_AT, sizeof(len));
	if (len < HEADER_BYTES || len > size)
		return 0;
	if (cs_perf_record_parse(data, len, &record) < 0) {
		cs_outside_malformed(outside);
		return len;
	}
	check_text(record.name, sizeof(record.name));
	CS_FUZZ_CHECK(cs_outside_queue_push(queue, &record, record.time_ns / 2) == 0);
	if (record.time_ns % 5 == 0)
		CS_FUZZ_CHECK(cs_outside_queue_attached(queue, record.pid, record.time_ns) == 0);
	if (record.time_ns % 7 == 0)
		cs_outside_queue_pass(queue, outside, record.time_ns);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_outside_queue queue = { .count = 0 };
	struct cs_outside *outside = cs_outside_new(1);
	const struct cs_outside_process *process;
	size_t len, count = 0;

	CS_FUZZ_CHECK(outside);
	while ((len = step(&queue, outside, data, size))) {
		data += len;
		size -= len;
	}
	cs_outside_queue_pass(&queue, outside, UINT64_MAX);
	CS_FUZZ_CHECK(queue.count == 0);
	TAILQ_FOREACH(process, cs_outside_list(outside), of_table) {
		check_process(process);
		count++;
	}
	CS_FUZZ_CHECK(count <= CS_OUTSIDE_MAX);
	cs_outside_queue_deinit(&queue);
	cs_outside_free(outside);
	return 0;
}
