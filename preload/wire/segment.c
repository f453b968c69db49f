/* SPDX-License-Identifier: Apache-2.0 */

/* Formatting and checking of a segment's header; see segment.h. */
#include "preload/wire/segment.h"

#include <errno.h>

void cs_segment_format(struct cs_header *header, uint32_t slots, uint32_t lanes)
{
	header->version = CS_WIRE_VERSION;
	header->slots = slots;
	header->segment_bytes = cs_segment_bytes(slots, lanes);
	header->lanes = lanes;
	header->slots_offset = cs_segment_slots_offset(slots);
	header->magic = CS_WIRE_MAGIC;
}

int cs_segment_check(const struct cs_header *header, uint64_t segment_bytes, uint32_t *ret_slots,
		     uint32_t *ret_lanes)
{
	uint64_t magic = __atomic_load_n(&header->magic, __ATOMIC_RELAXED);
	uint32_t version = __atomic_load_n(&header->version, __ATOMIC_RELAXED);
	uint32_t slots = __atomic_load_n(&header->slots, __ATOMIC_RELAXED);
	uint32_t lanes = __atomic_load_n(&header->lanes, __ATOMIC_RELAXED);

	if (magic != CS_WIRE_MAGIC)
		return -EPROTO;
	if (version != CS_WIRE_VERSION)
		return -EPROTONOSUPPORT;
	if (!cs_segment_slots_valid(slots) || !cs_segment_lanes_valid(lanes) ||
	    cs_segment_bytes(slots, lanes) != segment_bytes)
		return -EINVAL;
	if (__atomic_load_n(&header->segment_bytes, __ATOMIC_RELAXED) != segment_bytes)
		return -EINVAL;
	if (__atomic_load_n(&header->slots_offset, __ATOMIC_RELAXED) !=
	    cs_segment_slots_offset(slots))
		return -EINVAL;
	*ret_slots = slots;
	*ret_lanes = lanes;
	return 0;
}
