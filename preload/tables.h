/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What stands in the one mapping of cs_shim.tables, one behind the other: parts in whole pages, which
 * cost nothing until they are used.
 */
#pragma once

#include "preload/descriptors/fd_table.h"
#include "preload/descriptors/logs.h"
#include "preload/events/stdio_loop.h"
#include "preload/http/baggage.h"
#include "preload/propagation/current.h"
#include "preload/propagation/outbound_write.h"

#define CS_API_BYTES      32768u /* trace contexts: api.c */
#define CS_OUTBOUND_TEXTS 16u    /* requests that are being sent: outbound.c */
#define CS_OUTBOUND_TABLE_BYTES                                                                    \
	((CS_OUTBOUND_TEXTS * sizeof(struct cs_outbound_text) + 4095) / 4096 * 4096)

#define CS_BAGGAGE_TABLE_BYTES   4096u /* which members are named: baggage.c */

#define CS_CARRIED_BYTES         4096u /* the context in the environment: propagate.c */

#define CS_TABLES_LOGS_BEGIN     CS_FDS_BYTES
#define CS_TABLES_API_BEGIN      (CS_TABLES_LOGS_BEGIN + CS_LOGS_EARLY_BYTES)
#define CS_TABLES_STDIO_BEGIN    (CS_TABLES_API_BEGIN + CS_API_BYTES)
#define CS_TABLES_CURRENT_BEGIN  (CS_TABLES_STDIO_BEGIN + CS_STDIO_BYTES)
#define CS_TABLES_OUTBOUND_BEGIN (CS_TABLES_CURRENT_BEGIN + CS_CURRENT_BYTES)
#define CS_TABLES_BAGGAGE_BEGIN  (CS_TABLES_OUTBOUND_BEGIN + CS_OUTBOUND_TABLE_BYTES)
#define CS_TABLES_CARRIED_BEGIN  (CS_TABLES_BAGGAGE_BEGIN + CS_BAGGAGE_TABLE_BYTES)
#define CS_TABLES_BYTES          (CS_TABLES_CARRIED_BEGIN + CS_CARRIED_BYTES)
