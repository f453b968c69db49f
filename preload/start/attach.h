/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making the segment and announcing it: one way, bounded, nothing waits, no descriptor stays open.
 * A seccomp filter that kills on one of its system calls kills the function: docs/attach.md lists
 * them, `coldspan doctor` tries them.
 */
#pragma once

#include <stdint.h>

#include "preload/start/start.h"

/**
 * cs_attach() - make, fill in and announce the segment; sets cs_shim.header, ring and wiped
 * @entered_ns: when our code began to run: the mark `attach`
 *
 * Context: startup; cs_shim.clock is set. Leaves nothing behind on failure.
 * Return:  0, or negative errno: stand down.
 */
int cs_attach(const struct cs_start *start, uint64_t entered_ns);
