/* SPDX-License-Identifier: Apache-2.0 */

/* Records of perf events; see perf_record.h. */
#include "collector/sideband/perf_record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

#define TIME_BYTES 8u /* behind every record: PERF_SAMPLE_TIME */

/* The fixed parts, behind the header. */
struct task_part { /* PERF_RECORD_FORK, _EXIT */
	uint32_t pid, ppid;
	uint32_t tid, ptid;
	uint64_t time_ns;
};

struct comm_part {
	uint32_t pid, tid;
};

struct mmap2_part {
	uint32_t pid, tid;
	uint64_t address, bytes, offset;
	uint32_t device_major, device_minor;
	uint64_t inode, inode_generation;
	uint32_t protection, flags;
};

struct lost_part {
	uint64_t id;
	uint64_t lost;
};

_Static_assert(sizeof(struct task_part) == 24 && sizeof(struct mmap2_part) == 64,
	       "as the kernel lays them out");

struct body {
	const uint8_t *bytes; /* behind the header */
	size_t len;           /* without the time */
};

static bool take(const struct body *body, void *part, size_t bytes)
{
	if (body->len < bytes)
		return false;
	memcpy(part, body->bytes, bytes);
	return true;
}

/* A text behind a fixed part, padded with zeros. */
static void take_name(const struct body *body, size_t behind, struct cs_perf_record *record)
{
	const char *text = (const char *)body->bytes + behind;

	cs_utf8_repair(record->name, sizeof(record->name), text, strnlen(text, body->len - behind),
		       NULL);
	cs_utf8_strip_control(record->name);
}

static bool parse_task(const struct body *body, enum cs_perf_kind kind, struct cs_perf_record *ret)
{
	struct task_part part;

	if (!take(body, &part, sizeof(part)))
		return false;
	ret->kind = kind;
	ret->pid = (int32_t)part.pid;
	ret->ppid = (int32_t)part.ppid;
	ret->tid = (int32_t)part.tid;
	ret->time_ns = part.time_ns;
	return true;
}

static bool parse_comm(const struct body *body, uint16_t misc, struct cs_perf_record *ret)
{
	struct comm_part part;

	if (!take(body, &part, sizeof(part)))
		return false;
	if (!(misc & PERF_RECORD_MISC_COMM_EXEC))
		return true; /* a thread named itself */
	ret->kind = CS_PERF_EXEC;
	ret->pid = (int32_t)part.pid;
	ret->tid = (int32_t)part.tid;
	take_name(body, sizeof(part), ret);
	return true;
}

static bool parse_mmap2(const struct body *body, struct cs_perf_record *ret)
{
	struct mmap2_part part;

	if (!take(body, &part, sizeof(part)))
		return false;
	ret->kind = CS_PERF_MAP;
	ret->pid = (int32_t)part.pid;
	ret->tid = (int32_t)part.tid;
	take_name(body, sizeof(part), ret);
	if (ret->name[0] != '/' || !part.inode)
		ret->kind = CS_PERF_OTHER; /* [vdso], //anon: no file */
	return true;
}

static bool parse_lost(const struct body *body, struct cs_perf_record *ret)
{
	struct lost_part part;

	if (!take(body, &part, sizeof(part)))
		return false;
	ret->kind = CS_PERF_LOST;
	ret->lost = part.lost;
	return true;
}

int cs_perf_record_parse(const uint8_t *bytes, size_t len, struct cs_perf_record *ret)
{
	struct cs_perf_record record = { .kind = CS_PERF_OTHER };
	struct perf_event_header header;
	struct body body;
	bool good = true;

	if (len < sizeof(header) + TIME_BYTES)
		return -EBADMSG;
	memcpy(&header, bytes, sizeof(header));
	if (header.size != len)
		return -EBADMSG;
	body.bytes = bytes + sizeof(header);
	body.len = len - sizeof(header) - TIME_BYTES;
	memcpy(&record.time_ns, bytes + len - TIME_BYTES, TIME_BYTES);
	switch (header.type) {
	case PERF_RECORD_FORK:
		good = parse_task(&body, CS_PERF_FORK, &record);
		break;
	case PERF_RECORD_EXIT:
		good = parse_task(&body, CS_PERF_EXIT, &record);
		break;
	case PERF_RECORD_COMM:
		good = parse_comm(&body, header.misc, &record);
		break;
	case PERF_RECORD_MMAP2:
		good = parse_mmap2(&body, &record);
		break;
	case PERF_RECORD_LOST:
		good = parse_lost(&body, &record);
		break;
	default:
		break;
	}
	if (!good)
		return -EBADMSG;
	*ret = record;
	return 0;
}
