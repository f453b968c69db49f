/* SPDX-License-Identifier: Apache-2.0 */

/* What is served beside the requests that are told of; see asides.h. */
#include "collector/assembler/asides.h"

#include <stdlib.h>

#include "preload/wire/records.h"

struct cs_aside {
	SLIST_ENTRY(cs_aside) link;
	uint64_t connection;
	uint32_t sequence;
	uint32_t tag;
};

void cs_asides_deinit(struct cs_asides *asides)
{
	struct cs_aside *aside;

	while ((aside = SLIST_FIRST(&asides->list))) {
		SLIST_REMOVE_HEAD(&asides->list, link);
		free(aside);
	}
}

static struct cs_aside *find(const struct cs_asides *asides, uint32_t tag,
			     const struct cs_rec_aside *rec)
{
	struct cs_aside *aside;

	SLIST_FOREACH(aside, &asides->list, link)
	{
		if (aside->connection == rec->connection && aside->sequence == rec->sequence &&
		    aside->tag == tag)
			return aside;
	}
	return NULL;
}

static bool begin(struct cs_asides *asides, uint32_t tag, const struct cs_rec_aside *rec)
{
	struct cs_aside *aside = find(asides, tag, rec);

	if (aside)
		return true;
	if (asides->count >= CS_ASIDES_MAX)
		return false;
	aside = malloc(sizeof(*aside));
	if (!aside)
		return false;
	*aside = (struct cs_aside){ .connection = rec->connection,
				    .sequence = rec->sequence,
				    .tag = tag };
	SLIST_INSERT_HEAD(&asides->list, aside, link);
	asides->count++;
	return true;
}

/* A child may close what its parent was asked: that is no end. */
static void end(struct cs_asides *asides, uint32_t tag, const struct cs_rec_aside *rec,
		uint64_t time_ns)
{
	struct cs_aside *aside = find(asides, tag, rec);

	if (!aside)
		return;
	SLIST_REMOVE(&asides->list, aside, cs_aside, link);
	asides->count--;
	free(aside);
	if (asides->over_ns < time_ns)
		asides->over_ns = time_ns;
	if (rec->sequence == CS_ASIDE_CONNECTION && asides->connection_over_ns < time_ns)
		asides->connection_over_ns = time_ns;
}

bool cs_asides_tell(struct cs_asides *asides, uint32_t tag, const struct cs_rec_aside *rec,
		    uint64_t time_ns)
{
	if (!(rec->flags & CS_ASIDE_OVER))
		return begin(asides, tag, rec);
	end(asides, tag, rec, time_ns);
	return true;
}

/* @over_ns: when the last one of these ended */
static bool any_since(const struct cs_asides *asides, uint32_t tag, bool connections,
		      uint64_t over_ns, uint64_t since_ns)
{
	const struct cs_aside *aside;

	if (over_ns && over_ns >= since_ns)
		return true;
	SLIST_FOREACH(aside, &asides->list, link)
	{
		if (aside->tag == tag && (!connections || aside->sequence == CS_ASIDE_CONNECTION))
			return true;
	}
	return false;
}

bool cs_asides_since(const struct cs_asides *asides, uint32_t tag, uint64_t since_ns)
{
	return any_since(asides, tag, false, asides->over_ns, since_ns);
}

bool cs_asides_connected_since(const struct cs_asides *asides, uint32_t tag, uint64_t since_ns)
{
	return any_since(asides, tag, true, asides->connection_over_ns, since_ns);
}
