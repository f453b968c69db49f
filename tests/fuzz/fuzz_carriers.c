/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trace contexts of vendors from anybody. What is accepted names a trace, can be said as W3C does
 * where it names a span, and is accepted again in the vendor's own clean spelling.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/inbound.h"
#include "preload/wire/carriers.h"
#include "tests/fuzz/fuzz.h"

typedef int (*parse_fn)(const char *text, size_t len, struct cs_trace_context *ret);

static uint64_t number_of(const uint8_t *bytes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		n = n << 8 | bytes[i];
	return n;
}

static void check_again(parse_fn parse, const char *text, const struct cs_trace_context *first)
{
	struct cs_trace_context second;

	CS_FUZZ_CHECK(parse(text, strlen(text), &second) == 0);
	CS_FUZZ_CHECK(memcmp(first, &second, sizeof(second)) == 0);
}

static bool accepted(int r, const struct cs_trace_context *context)
{
	uint64_t high, low;

	CS_FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -ENODATA);
	if (r < 0)
		return false;
	high = number_of(context->trace_id);
	low = number_of(context->trace_id + 8);
	CS_FUZZ_CHECK(high || low);
	CS_FUZZ_CHECK((context->flags & ~CS_TRACE_FLAG_SAMPLED) == 0);
	CS_FUZZ_CHECK(cs_trace_context_valid(context) == (number_of(context->parent_id) != 0));
	return true;
}

static void check_vendors(const char *text, size_t len)
{
	struct cs_trace_context got;
	uint64_t high, low, span;
	char clean[128];

#define READ(parse)                                                                                \
	(accepted(parse(text, len, &got), &got) &&                                                 \
	 (high = number_of(got.trace_id), low = number_of(got.trace_id + 8),                       \
	  span = number_of(got.parent_id), true))
	if (READ(cs_xray_parse)) {
		snprintf(clean, sizeof(clean), "Root=1-%08" PRIx64 "-%08" PRIx64 "%016" PRIx64,
			 high >> 32, high & UINT32_MAX, low);
		if (span)
			snprintf(clean + strlen(clean), 32, ";Parent=%016" PRIx64, span);
		snprintf(clean + strlen(clean), 32, ";Sampled=%d", got.flags);
		check_again(cs_xray_parse, clean, &got);
	}
	if (READ(cs_cloud_trace_parse)) {
		snprintf(clean, sizeof(clean), "%016" PRIx64 "%016" PRIx64 "/%" PRIu64 ";o=%d",
			 high, low, span, got.flags);
		check_again(cs_cloud_trace_parse, clean, &got);
	}
	if (READ(cs_b3_parse)) {
		CS_FUZZ_CHECK(span);
		snprintf(clean, sizeof(clean), "%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-%d",
			 high, low, span, got.flags);
		check_again(cs_b3_parse, clean, &got);
	}
	if (READ(cs_jaeger_parse)) {
		CS_FUZZ_CHECK(span);
		snprintf(clean, sizeof(clean), "%" PRIx64 "%016" PRIx64 ":%" PRIx64 ":0:%d", high,
			 low, span, got.flags);
		check_again(cs_jaeger_parse, clean, &got);
	}
#undef READ
}

/* Four values, parted by line feeds; an empty one did not come. */
static void check_b3_headers(const char *text, size_t len)
{
	const char *value[4] = { NULL };
	size_t value_len[4] = { 0 };
	struct cs_trace_context got;

	for (unsigned i = 0; i < 4 && len; i++) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		value[i] = n ? text : NULL;
		value_len[i] = n;
		n += end != NULL;
		text += n;
		len -= n;
	}
	struct cs_b3_headers headers = { value[0],     value[1],     value[2],     value[3],
					 value_len[0], value_len[1], value_len[2], value_len[3] };

	if (accepted(cs_b3_headers_parse(&headers, &got), &got))
		CS_FUZZ_CHECK(cs_trace_context_valid(&got));
}

/* What counts is good and was not refused; nothing that came behind it was looked at. */
static void check_request(const char *lines, size_t len, bool on_lambda)
{
	struct cs_inbound inbound;

	cs_inbound_read(&inbound, lines, len, on_lambda);
	CS_FUZZ_CHECK(!inbound.has_xray || (on_lambda && cs_trace_context_valid(&inbound.xray)));
	CS_FUZZ_CHECK(!on_lambda || inbound.carrier != CS_CARRIER_XRAY);
	CS_FUZZ_CHECK(inbound.carrier < CS_CARRIER_COUNT);
	if (inbound.carrier) {
		CS_FUZZ_CHECK(number_of(inbound.caller.trace_id) ||
			      number_of(inbound.caller.trace_id + 8));
		CS_FUZZ_CHECK(!(inbound.refused & 1u << inbound.carrier));
		CS_FUZZ_CHECK(!cs_trace_context_valid(&inbound.caller) ||
			      inbound.refused < 1u << inbound.carrier);
	}
	CS_FUZZ_CHECK(!inbound.trace_state || inbound.carrier == CS_CARRIER_TRACEPARENT);
	CS_FUZZ_CHECK(!inbound.has_created || cs_trace_context_valid(&inbound.created));
	for (unsigned i = 0; i < CS_REQUEST_ID_COUNT; i++)
		CS_FUZZ_CHECK(!inbound.ids[i] ||
			      cs_utf8_valid(inbound.ids[i], strlen(inbound.ids[i])));
	CS_FUZZ_CHECK(inbound.baggage.count <= CS_BAGGAGE_KEYS_MAX);
	for (unsigned i = 0; i < inbound.baggage.count; i++) {
		const struct cs_baggage_member *member = &inbound.baggage.items[i];

		CS_FUZZ_CHECK(strlen(member->name) <= CS_BAGGAGE_NAME_MAX);
		CS_FUZZ_CHECK(cs_utf8_valid(member->value, strlen(member->value)));
		for (unsigned j = 0; j < i; j++)
			CS_FUZZ_CHECK(strcmp(member->name, inbound.baggage.items[j].name) != 0);
	}
	cs_inbound_deinit(&inbound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_vendors((const char *)data, size);
	check_b3_headers((const char *)data, size);
	check_request((const char *)data, size, false);
	check_request((const char *)data, size, true);
	return 0;
}
