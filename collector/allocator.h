/* SPDX-License-Identifier: Apache-2.0 */

/* The allocator of the collector's program (not of its library). */
#pragma once

/** cs_allocator_purge() - give back what a burst left; called when all is quiet. Context: loop. */
void cs_allocator_purge(void);
