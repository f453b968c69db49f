/* SPDX-License-Identifier: Apache-2.0 */

/* What call.c keeps of a connection, in the place of the HTTP scanners of a struct cs_conn. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/calls/call_db.h"
#include "preload/calls/tls_records.h"

/* Of the direction that the process writes. All zero to begin with. */
struct cs_call_out {
	struct cs_tls_records tls;
	struct cs_db_frames db;
	_Atomic uint32_t
		answers; /* that are to come, of all that was asked; read by the other one too */
	_Atomic uint64_t batch; /* idem: queries of the last call */
};

/* Of the one that it reads; read by the other one too. All zero to begin with. */
struct cs_call_in {
	union {
		struct cs_tls_records tls;
		struct cs_db_frames db;
	};
	uint32_t before;   /* it was a tunnel: calls before that */
	uint32_t sequence; /* 1 + of the call that these belong to */
	uint16_t tellings; /* how often it was told of that; wraps */
	bool is_tls;
	_Atomic uint32_t over;    /* 1 + of the call of which all has come */
	_Atomic uint32_t answers; /* that have come */
	_Atomic uint64_t first_ns;
	_Atomic uint64_t last_ns;
	_Atomic uint64_t told_ns; /* last_ns when it was told last */
	_Atomic uint64_t bytes;
};
