/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the kernel tells of processes through a perf event: one record of its ring, checked and taken
 * apart. Follows linux/perf_event.h (perf_event_header and the comment at enum perf_event_type), for
 * events that carry PERF_SAMPLE_TIME alone behind each record. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define CS_PERF_RECORD_MAX 65535u /* header.size has 16 bits */
#define CS_PERF_NAME_BYTES 256u   /* of names that are kept; longer ones are cut */

enum cs_perf_kind {
	CS_PERF_OTHER, /* nothing to us */
	CS_PERF_FORK,  /* a thread or process was made */
	CS_PERF_EXIT,  /* a thread ended */
	CS_PERF_EXEC,  /* a process became another program: the old one is given up */
	CS_PERF_MAP,   /* a file was mapped to be executed */
	CS_PERF_LOST,  /* the ring was full */
};

struct cs_perf_record {
	enum cs_perf_kind kind;
	int32_t pid; /* of the process, in the pid namespace of who opened the event */
	int32_t tid;
	int32_t ppid;                  /* FORK: of who forked */
	uint64_t time_ns;              /* on the event's clock */
	uint64_t lost;                 /* LOST: records */
	char name[CS_PERF_NAME_BYTES]; /* EXEC: the task's name; MAP: the path; clean UTF-8 */
};

/**
 * cs_perf_record_parse() - take one record apart
 * @bytes: the record from its header on
 * @len:   its length, as the header has it
 *
 * Context: any-thread (pure).
 * Return:  0, also for records that are nothing to us; -EBADMSG it is none; @ret is then untouched.
 */
int cs_perf_record_parse(const uint8_t *bytes, size_t len, struct cs_perf_record *ret) cs_must_use;
