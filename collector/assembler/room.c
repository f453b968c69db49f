/* SPDX-License-Identifier: Apache-2.0 */

/* Room for what all instances hold; see room.h. */
#include "collector/assembler/room.h"

#include "collector/assembler/assembled.h"

const char *cs_room_name(enum cs_room_kind kind)
{
	static const char *const names[CS_ROOM_COUNT] = {
#define X(id, name, meaning) [CS_ROOM_##id] = (name),
		CS_ROOM_KINDS(X)
#undef X
	};

	return names[kind];
}

/* Return: false: nothing can be let go of. */
static bool let_go(struct cs_assembler *assembler)
{
	struct cs_request *oldest = TAILQ_FIRST(&assembler->kept);

	if (oldest) {
		assembler->room.causes_forgotten++;
		cs_assembled_forget(oldest);
		return true;
	}
	oldest = TAILQ_FIRST(&assembler->held);
	return oldest && cs_assembled_hurry(oldest->instance);
}

bool cs_room_make(struct cs_assembler *assembler, enum cs_room_kind kind, size_t bytes)
{
	struct cs_room *room = &assembler->room;

	while (room->bytes + bytes > room->max_bytes) {
		if (!let_go(assembler)) {
			room->crowded[kind]++;
			return false;
		}
	}
	return true;
}
