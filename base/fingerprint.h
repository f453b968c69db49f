/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Short words that tell whether two things are the same: FNV-1a (Fowler, Noll, Vo), 64 bits. Nobody gains by two
 * that are the same; against an attacker they are no proof. Pure. Context of all: any-thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CS_FINGERPRINT_BYTES 17u
#define CS_FINGERPRINT_NONE  0xcbf29ce484222325u /* of nothing: to begin with */

/** cs_fingerprint_add() - with @len bytes behind. */
uint64_t cs_fingerprint_add(uint64_t so_far, const void *bytes, size_t len);

/** cs_fingerprint_text() - in hexadecimal. */
void cs_fingerprint_text(uint64_t fingerprint, char ret[CS_FINGERPRINT_BYTES]);
