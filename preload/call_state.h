/* SPDX-License-Identifier: Apache-2.0 */

/* What call.c keeps of a connection, in the place of the HTTP scanners of a struct cs_conn. */
#pragma once

#include <stdint.h>

#include "preload/tls_records.h"

/* Of the direction that the process writes. All zero to begin with. */
struct cs_call_out {
	struct cs_tls_records tls;
};

/* Of the one that it reads; read by the other one too. All zero to begin with. */
struct cs_call_in {
	struct cs_tls_records tls;
	uint32_t sequence; /* 1 + of the call that these belong to */
	uint32_t tellings; /* how often it was told of that */
	_Atomic uint64_t first_ns;
	_Atomic uint64_t last_ns;
	_Atomic uint64_t told_ns; /* last_ns when it was told last */
	_Atomic uint64_t bytes;
};
