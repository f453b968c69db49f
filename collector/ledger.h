/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What became of everything that the assembler has begun to follow: read = told + aside + dropped, for
 * each kind, once nothing is held any more. Each number is counted where it happens, none is made of the
 * others: that they add up is a test of the assembler. coldspan-collector prints them at its end.
 */
#pragma once

#include <stdint.h>

/* X(id, name, aside): what is left out on purpose, and where that is said. */
#define CS_LEDGER_KINDS(X)                                                                         \
	X(START, "starts", "of helpers, of programs that execute another, and of who lives on")    \
	X(INVOCATION, "invocations", "of helpers, and of servers' starters")                       \
	X(INNER, "inner", "none: spans that programs told of themselves")                          \
	X(CALL, "calls", "of no invocation and no start, or of nobody for sure")                   \
	X(LINE, "lines", "none")                                                                   \
	X(SPAN, "spans",                                                                           \
	  "of what is sampled out; they are what all of these but lines are made into")            \
	X(RECORD, "records", "none: what lines were made into")

enum cs_ledger_kind {
#define X(id, name, aside) CS_LEDGER_##id,
	CS_LEDGER_KINDS(X)
#undef X
	CS_LEDGER_COUNT,
};

struct cs_ledger_line {
	uint64_t read;    /* begun to follow */
	uint64_t told;    /* handed on */
	uint64_t aside;   /* left out on purpose */
	uint64_t dropped; /* for lack of room or memory */
};

struct cs_ledger {
	struct cs_ledger_line of[CS_LEDGER_COUNT];
};

/** cs_ledger_name() - "starts", …; never NULL. Context: any-thread (pure). */
const char *cs_ledger_name(enum cs_ledger_kind kind);
