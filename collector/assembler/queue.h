/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When an event had been accepted, before any process that we watch had it: a gateway's own word
 * (OpenFaaS's X-Start-Time), by the gateway's clock. Whoever sends a request can say anything: what cannot be
 * is not believed.
 */
#pragma once

#include <stdint.h>

#include "collector/assembler/model.h"

/* An event that waited longer was not waiting for a process to start: the word of a wrong clock. */
#define CS_QUEUE_MAX_NS (24u * 3600u * 1000000000ull)

/**
 * cs_queue_accepted() - the moment, on our clock
 * @identity: of the process that handles it: by its anchors wall time becomes ours
 * @unix_ns:  as the header says; 0: it did not come
 * @until_ns: by then it had been accepted
 *
 * Context: any-thread (pure).
 * Return:  0: not told, or not to be believed.
 */
uint64_t cs_queue_accepted(const struct cs_identity *identity, uint64_t unix_ns, uint64_t until_ns);
