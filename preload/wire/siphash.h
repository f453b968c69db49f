/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): ids that nobody can foresee without the key. Both sides
 * make ids with it: the collector as a rule, the shim only where it is to hand one on.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CS_SIPHASH_KEY_BYTES 16u

/** cs_siphash() - of @len bytes. Context: signal (pure). */
uint64_t cs_siphash(const uint8_t key[CS_SIPHASH_KEY_BYTES], const void *data, size_t len);
