/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fork children of an instance that write into its segment: what they say of themselves, since the
 * header's marks are the first process's. The newest CS_WORKERS_MAX of an instance are known.
 *
 * Context of all: loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define CS_WORKERS_MAX 64u

struct cs_rec_process;
struct cs_rec_ready;

/* CLOCK_MONOTONIC ns; 0: not seen. */
struct cs_worker {
	LIST_ENTRY(cs_worker) link;
	uint32_t tag;    /* pid, as it writes it */
	uint32_t parent; /* idem, of who forked it; 0 unknown */
	uint64_t forked_ns;
	uint64_t code_ns;   /* first open of user code, if its parent had opened none */
	uint64_t ready_ns;  /* first wait for a connection */
	uint64_t read_ns;   /* first read of standard input */
	uint64_t output_ns; /* first write to standard output */
	bool served;        /* a request of it was seen */
};

struct cs_workers {
	LIST_HEAD(, cs_worker) list; /* newest first */
	unsigned count;
};

/** cs_workers_deinit() - forget all. */
void cs_workers_deinit(struct cs_workers *workers);

/** cs_workers_forked() - @tag began at @time_ns to write; without memory it stays unknown. */
void cs_workers_forked(struct cs_workers *workers, uint32_t tag, const struct cs_rec_process *rec,
		       uint64_t time_ns);

/** cs_workers_reached() - it reached a mark at @time_ns. The first of a kind counts. */
void cs_workers_reached(struct cs_workers *workers, uint32_t tag, const struct cs_rec_ready *rec,
			uint64_t time_ns);

/** cs_workers_find() - the newest of that pid; NULL: it is not known. */
struct cs_worker *cs_workers_find(const struct cs_workers *workers, uint32_t tag);

/** cs_workers_serve() - a request of it was seen. Return: is it the first? */
bool cs_workers_serve(struct cs_workers *workers, uint32_t tag);

/** cs_workers_ready() - when the first of them waited for a connection; 0: none did. */
uint64_t cs_workers_ready(const struct cs_workers *workers);

/** cs_workers_taker() - the first that read standard input and then wrote to standard output; NULL. */
const struct cs_worker *cs_workers_taker(const struct cs_workers *workers);
