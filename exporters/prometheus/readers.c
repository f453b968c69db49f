/* SPDX-License-Identifier: Apache-2.0 */

/* Places of scrapers; see readers.h. */
#include "exporters/prometheus/readers.h"

#include <stdio.h>
#include <string.h>

static bool looks_like(const struct cs_prometheus_reader *reader, const char *looks)
{
	return !strncmp(reader->looks, looks, sizeof(reader->looks) - 1);
}

/* The one that fits and was heard of longest ago; NULL: there is none. */
static struct cs_prometheus_reader *left(struct cs_prometheus_readers *readers, const char *looks)
{
	struct cs_prometheus_reader *found = NULL;

	for (size_t i = 0; i < CS_PROMETHEUS_READERS_MAX; i++) {
		struct cs_prometheus_reader *reader = &readers->items[i];

		if (!reader->connection &&
		    (!looks || (reader->asked && looks_like(reader, looks))) &&
		    (!found || reader->asked < found->asked))
			found = reader;
	}
	return found;
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

int cs_prometheus_readers_find(struct cs_prometheus_readers *readers, const void *connection,
			       const char *looks, enum cs_reader_past *ret_past)
{
	struct cs_prometheus_reader *reader = connected(readers, connection);
	enum cs_reader_past past = CS_READER_TOLD;

	if (!reader) {
		reader = left(readers, looks);
		/* Who always comes on a new one would never be told. */
		if (reader && !reader->missed)
			past = CS_READER_MISSED;
	}
	if (!reader || !looks_like(reader, looks)) {
		reader = reader ? reader : left(readers, NULL);
		past = CS_READER_NEW;
	}
	if (!reader)
		return CS_PROMETHEUS_NOBODY;
	reader->connection = connection;
	reader->asked = ++readers->questions;
	reader->missed = past == CS_READER_MISSED;
	snprintf(reader->looks, sizeof(reader->looks), "%s", looks);
	*ret_past = past;
	return (int)(reader - readers->items);
}

void cs_prometheus_readers_leave(struct cs_prometheus_readers *readers, const void *connection)
{
	struct cs_prometheus_reader *reader = connected(readers, connection);

	if (reader)
		reader->connection = NULL;
}
