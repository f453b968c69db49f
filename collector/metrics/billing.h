/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What time and memory a platform bills: facts, never money. Rounding and minimum by the platforms' price
 * pages of 2026: AWS Lambda bills inits since 2025-08-01, in steps of 1 ms together with the invocation that
 * waited for it; Cloud Run the whole time of an instance in steps of 100 ms; Azure's consumption plan 100 ms at
 * least, of memory as it is used, in steps of 128 MiB up to 1.5 GiB, and no init. Elsewhere nobody bills: it is
 * time by the memory that was allotted. Pure; context: any-thread.
 */
#pragma once

#include <stdint.h>

/** cs_billed_ns() - of a time that was used; @platform: value of coldspan.platform, NULL none. */
uint64_t cs_billed_ns(const char *platform, uint64_t used_ns);

/**
 * cs_billed_init_ns() - what an init adds to the bill
 * @event_ns: how long the invocation took that waited for it, which is billed by itself; 0: none did
 */
uint64_t cs_billed_init_ns(const char *platform, uint64_t init_ns, uint64_t event_ns);

/**
 * cs_billed_bytes() - of memory
 * @limit_bytes: that the instance may have; 0: not known
 * @used_bytes:  at most; 0: not known
 *
 * Return: 0: not known.
 */
uint64_t cs_billed_bytes(const char *platform, uint64_t limit_bytes, uint64_t used_bytes);

/** cs_gb_seconds() - by 2^30 bytes, as the platforms do. */
double cs_gb_seconds(uint64_t bytes, uint64_t ns);
