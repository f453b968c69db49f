/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting before anything that we watch; see queue.h. */
#include "collector/assembler/queue.h"

uint64_t cs_queue_accepted(const struct cs_identity *identity, uint64_t unix_ns, uint64_t until_ns)
{
	uint64_t until_unix_ns =
		identity->anchor_realtime_ns + (until_ns - identity->anchor_monotonic_ns);
	uint64_t waited_ns = until_unix_ns - unix_ns;

	/* What is said to come after it has waited 2^64 ns. */
	if (!unix_ns || waited_ns > CS_QUEUE_MAX_NS || waited_ns >= until_ns)
		return 0;
	return until_ns - waited_ns;
}
