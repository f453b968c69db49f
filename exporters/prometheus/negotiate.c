/* SPDX-License-Identifier: Apache-2.0 */

/* The Accept header of a scrape; see negotiate.h. */
#include "exporters/prometheus/negotiate.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define Q_ONE 1000u /* three decimals are all that a weight may have */

/* What is asked for by a parameter may be left open. */
static const struct {
	const char *type;
	struct {
		const char *name;
		const char *values[2]; /* that we write */
	} parameters[2];
	const char *content_type;
} formats[CS_PROMETHEUS_FORMAT_COUNT] = {
	[CS_PROMETHEUS_TEXT] = { "text/plain",
				 { { "version", { "0.0.4", NULL } } },
				 "text/plain; version=0.0.4; charset=utf-8" },
	[CS_PROMETHEUS_OPEN_METRICS] = { "application/openmetrics-text",
					 { { "version", { "1.0.0", "0.0.1" } } },
					 "application/openmetrics-text; version=1.0.0; charset=utf-8" },
	[CS_PROMETHEUS_PROTOBUF] = { "application/vnd.google.protobuf",
				     { { "proto", { "io.prometheus.client.MetricFamily", NULL } },
				       { "encoding", { "delimited", NULL } } },
				     "application/vnd.google.protobuf; "
				     "proto=io.prometheus.client.MetricFamily; encoding=delimited" },
};

/* A piece of the header, not NUL-terminated. */
struct piece {
	const char *at;
	size_t len;
};

static struct piece trimmed(const char *at, size_t len)
{
	while (len && (*at == ' ' || *at == '\t')) {
		at++;
		len--;
	}
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	return (struct piece){ at, len };
}

static bool is(struct piece piece, const char *word)
{
	return piece.len == strlen(word) && !strncasecmp(piece.at, word, piece.len);
}

/* Takes what stands before the next @end off @rest, which is left behind it. */
static struct piece cut(struct piece *rest, char end)
{
	const char *stop = rest->len ? memchr(rest->at, end, rest->len) : NULL;
	size_t len = stop ? (size_t)(stop - rest->at) : rest->len;
	struct piece piece = trimmed(rest->at, len);

	rest->at += stop ? len + 1 : len;
	rest->len -= stop ? len + 1 : len;
	return piece;
}

/* "0.25" in thousandths; what is no weight is as if there were none. */
static unsigned weight_of(struct piece value)
{
	unsigned weight, digit = Q_ONE / 10;

	if (!value.len || (value.at[0] != '0' && value.at[0] != '1') ||
	    (value.len > 1 && value.at[1] != '.'))
		return Q_ONE;
	weight = value.at[0] == '1' ? Q_ONE : 0;
	for (size_t i = 2; i < value.len && digit; i++, digit /= 10) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return Q_ONE;
		weight += (unsigned)(value.at[i] - '0') * digit;
	}
	return weight < Q_ONE ? weight : Q_ONE;
}

static struct piece unquoted(struct piece value)
{
	if (value.len > 1 && value.at[0] == '"' && value.at[value.len - 1] == '"')
		return (struct piece){ value.at + 1, value.len - 2 };
	return value;
}

/* Is a parameter with that value none that we have other values for? */
static bool fits(enum cs_prometheus_format format, struct piece name, struct piece value)
{
	for (size_t i = 0; i < 2 && formats[format].parameters[i].name; i++) {
		const char *const *values = formats[format].parameters[i].values;

		if (is(name, formats[format].parameters[i].name) && !is(value, values[0]) &&
		    !(values[1] && is(value, values[1])))
			return false;
	}
	return true;
}

/* How much @range wants @format; 0: not at all. */
static unsigned wanted(struct piece range, enum cs_prometheus_format format)
{
	struct piece type = cut(&range, ';');
	unsigned weight = Q_ONE;

	if (!is(type, formats[format].type) &&
	    !(format == CS_PROMETHEUS_TEXT && (is(type, "*/*") || is(type, "text/*"))))
		return 0;
	while (range.len) {
		struct piece parameter = cut(&range, ';');
		struct piece name = cut(&parameter, '=');
		struct piece value = unquoted(trimmed(parameter.at, parameter.len));

		if (is(name, "q"))
			weight = weight_of(value);
		else if (!fits(format, name, value))
			return 0;
	}
	return weight;
}

enum cs_prometheus_format cs_prometheus_negotiate(const char *accept)
{
	struct piece rest = { accept ? accept : "", accept ? strlen(accept) : 0 };
	enum cs_prometheus_format best = CS_PROMETHEUS_TEXT;
	unsigned most = 0;

	while (rest.len) {
		struct piece range = cut(&rest, ',');

		for (unsigned i = 0; i < CS_PROMETHEUS_FORMAT_COUNT; i++) {
			enum cs_prometheus_format format = (enum cs_prometheus_format)i;
			unsigned weight = wanted(range, format);

			if (weight > most || (weight && weight == most && format > best)) {
				most = weight;
				best = format;
			}
		}
	}
	return best;
}

const char *cs_prometheus_content_type(enum cs_prometheus_format format)
{
	return formats[format].content_type;
}
