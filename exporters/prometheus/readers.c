/* SPDX-License-Identifier: Apache-2.0 */

/* Places of scrapers; see readers.h. */
#include "exporters/prometheus/readers.h"

#include <stdio.h>
#include <string.h>

#include "base/fingerprint.h"

static bool looks_like(const struct cs_prometheus_reader *reader, const char *looks)
{
	return !strncmp(reader->looks, looks, sizeof(reader->looks) - 1);
}

static bool same_owner(const struct cs_prometheus_reader *reader, const char *looks)
{
	size_t len = strcspn(looks, " ");

	return reader->asked && strcspn(reader->looks, " ") == len &&
	       !memcmp(reader->looks, looks, len);
}

/* Replicas that look the same ask in turn; one that has stopped asking has come back on another connection. */
static bool is_overdue(const struct cs_prometheus_reader *reader, uint64_t now_ns)
{
	uint64_t interval_ns =
		reader->interval_ns ? reader->interval_ns : CS_PROMETHEUS_INTERVAL_NS;

	return now_ns - reader->asked_ns > CS_PROMETHEUS_OVERDUE * interval_ns;
}

/* ... so long that anybody may have its place: two questions in a row are no interval. */
static bool is_gone(const struct cs_prometheus_reader *reader, uint64_t now_ns)
{
	return is_overdue(reader, now_ns) &&
	       now_ns - reader->asked_ns > CS_PROMETHEUS_OVERDUE * CS_PROMETHEUS_INTERVAL_NS;
}

static struct cs_prometheus_reader *older(struct cs_prometheus_reader *found,
					  struct cs_prometheus_reader *reader)
{
	return found && found->asked <= reader->asked ? found : reader;
}

/* Who looked the same, left or stopped asking, and was heard of longest ago; NULL: there is none. */
static struct cs_prometheus_reader *same(struct cs_prometheus_readers *readers, const char *looks,
					 uint64_t now_ns)
{
	struct cs_prometheus_reader *found = NULL;

	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		struct cs_prometheus_reader *reader = &readers->items[i];

		if (reader->asked && looks_like(reader, looks) &&
		    (!reader->connection || is_overdue(reader, now_ns)))
			found = older(found, reader);
	}
	return found;
}

/* Of that owner, connected or remembered. */
static unsigned count_of(const struct cs_prometheus_readers *readers, const char *looks,
			 bool connected_only)
{
	unsigned count = 0;

	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++)
		count += same_owner(&readers->items[i], looks) &&
			 (readers->items[i].connection || !connected_only);
	return count;
}

/* Who holds most, and more than who looks like that would then: of its places the one not used for longest. */
static struct cs_prometheus_reader *of_the_richest(struct cs_prometheus_readers *readers,
						   const char *looks)
{
	unsigned most = count_of(readers, looks, true) + 1;
	struct cs_prometheus_reader *found = NULL;

	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		struct cs_prometheus_reader *reader = &readers->items[i];
		unsigned count = count_of(readers, reader->looks, true);

		if (count < most || (count == most && !found))
			continue;
		found = count > most ? reader : older(found, reader);
		most = count;
	}
	return found;
}

/* A place for one more of that owner; NULL: it has all that it may have. */
static struct cs_prometheus_reader *another(struct cs_prometheus_readers *readers,
					    const char *looks, uint64_t now_ns)
{
	struct cs_prometheus_reader *of_owner = NULL, *of_any = NULL;
	unsigned same_looks = 0;

	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		struct cs_prometheus_reader *reader = &readers->items[i];
		bool near = same_owner(reader, looks);

		if (reader->connection && !is_gone(reader, now_ns)) {
			same_looks += near && looks_like(reader, looks);
			continue;
		}
		of_any = older(of_any, reader);
		if (near)
			of_owner = older(of_owner, reader);
	}
	if (same_looks >= CS_PROMETHEUS_OF_LOOKS)
		return NULL;
	if (count_of(readers, looks, false) >= CS_PROMETHEUS_OF_OWNER)
		return of_owner;
	return of_any ? of_any : of_the_richest(readers, looks);
}

static struct cs_prometheus_reader *connected(struct cs_prometheus_readers *readers,
					      const void *connection)
{
	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		if (readers->items[i].connection == connection)
			return &readers->items[i];
	}
	return NULL;
}

/* Its bit in @set and, in @ret, the word that it is in. */
static uint64_t bit_of(uint64_t set[CS_PROMETHEUS_SEEN_BITS / 64], const char *looks,
		       uint64_t **ret)
{
	uint64_t hash = cs_fingerprint_add(CS_FINGERPRINT_NONE, looks,
					   strnlen(looks, CS_PROMETHEUS_LOOKS_MAX - 1));

	hash ^= hash >> 32;
	*ret = &set[hash / 64 % (CS_PROMETHEUS_SEEN_BITS / 64)];
	return UINT64_C(1) << hash % 64;
}

/* Return: was it in @set, or whose looks have the same fingerprint? */
static bool add(uint64_t set[CS_PROMETHEUS_SEEN_BITS / 64], const char *looks)
{
	uint64_t *word, bit = bit_of(set, looks, &word);
	bool before = *word & bit;

	*word |= bit;
	return before;
}

static bool has(uint64_t set[CS_PROMETHEUS_SEEN_BITS / 64], const char *looks)
{
	uint64_t *word, bit = bit_of(set, looks, &word);

	return *word & bit;
}

/*
 * A connected reader with the same looks is another: a replica, that has seen nothing of this collector. Unless one that
 * looks like that was put out: then it may be that one.
 */
static bool is_replica(struct cs_prometheus_readers *readers, const char *looks)
{
	if (has(readers->put_out, looks))
		return false;
	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		if (readers->items[i].connection && looks_like(&readers->items[i], looks))
			return true;
	}
	return false;
}

static void note(struct cs_prometheus_readers *readers, struct cs_prometheus_reader *reader,
		 const char *looks, uint64_t now_ns, enum cs_reader_past past)
{
	reader->interval_ns =
		past == CS_READER_TOLD || past == CS_READER_MISSED ? now_ns - reader->asked_ns : 0;
	reader->asked_ns = now_ns;
	reader->asked = ++readers->questions;
	reader->missed = past == CS_READER_MISSED ? reader->missed + 1 : 0;
	snprintf(reader->looks, sizeof(reader->looks), "%s", looks);
}

int cs_prometheus_readers_find(struct cs_prometheus_readers *readers, const void *connection,
			       const char *looks, uint64_t now_ns, enum cs_reader_past *ret_past)
{
	struct cs_prometheus_reader *reader = connected(readers, connection);
	enum cs_reader_past past = CS_READER_TOLD;

	if (!reader) {
		reader = same(readers, looks, now_ns);
		/* Who always comes on a new one would never be told. */
		if (reader && reader->missed < CS_PROMETHEUS_MISSES_MAX)
			past = CS_READER_MISSED;
	}
	if (!reader || !looks_like(reader, looks)) {
		bool replica = is_replica(readers, looks);

		reader = reader ? reader : another(readers, looks, now_ns);
		past = add(readers->seen, looks) && !replica ? CS_READER_BACK : CS_READER_NEW;
		if (reader && reader->asked)
			add(readers->put_out, reader->looks);
	}
	if (!reader)
		return CS_PROMETHEUS_NOBODY;
	reader->connection = connection;
	note(readers, reader, looks, now_ns, past);
	*ret_past = past;
	return (int)(reader - readers->items);
}

const char *cs_prometheus_readers_looks(struct cs_prometheus_readers *readers,
					const void *connection)
{
	const struct cs_prometheus_reader *reader = connected(readers, connection);

	return reader ? reader->looks : NULL;
}

bool cs_prometheus_readers_stays(struct cs_prometheus_readers *readers, const void *connection)
{
	const struct cs_prometheus_reader *reader = connected(readers, connection);

	return reader && reader->interval_ns;
}

void cs_prometheus_readers_leave(struct cs_prometheus_readers *readers, const void *connection)
{
	struct cs_prometheus_reader *reader = connected(readers, connection);

	if (reader)
		reader->connection = NULL;
}
