/* SPDX-License-Identifier: Apache-2.0 */

/* Trace contexts of vendors, and which of several counts; see carriers.h. */
#include "preload/wire/carriers.h"

#include <errno.h>

#define SPAN_DIGITS       16u
#define TRACE_DIGITS      32u
#define JAEGER_BYTES      96u /* the longest good one has 69, with "%3A" for ":" 75 */
#define JAEGER_SAMPLED    0x01u
#define JAEGER_DEBUG      0x02u
#define XRAY_EPOCH_DIGITS 8u
#define XRAY_ROOT_LEN     35u /* "1-" 8 "-" 24 */

struct text {
	const char *at;
	size_t len;
};

enum digits {
	LOWER,
	ANY_CASE
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trimmed(const char *at, size_t len)
{
	while (len && is_blank(*at)) {
		at++;
		len--;
	}
	while (len && is_blank(at[len - 1]))
		len--;
	return (struct text){ at, len };
}

static bool is(struct text text, const char *word)
{
	size_t i = 0;

	while (i < text.len && word[i] && text.at[i] == word[i])
		i++;
	return i == text.len && !word[i];
}

/* Cuts the part before @separator, or the whole, off the front of @rest. */
static struct text next_part(struct text *rest, char separator)
{
	struct text part = { rest->at, 0 };
	size_t taken;

	while (part.len < rest->len && rest->at[part.len] != separator)
		part.len++;
	taken = part.len + (part.len < rest->len);
	rest->at += taken;
	rest->len -= taken;
	return part;
}

static int digit_of(char c, enum digits digits)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return digits == ANY_CASE && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A number of at most 2 * @bytes digits, right-aligned; false: malformed. */
static bool read_id(struct text text, enum digits digits, uint8_t *ret, size_t bytes)
{
	if (!text.len || text.len > 2 * bytes)
		return false;
	__builtin_memset(ret, 0, bytes);
	for (size_t i = 0; i < text.len; i++) {
		size_t place = text.len - 1 - i; /* counted from the right */
		int digit = digit_of(text.at[i], digits);

		if (digit < 0)
			return false;
		ret[bytes - 1 - place / 2] |= (uint8_t)(place % 2 ? digit << 4 : digit);
	}
	return true;
}

static bool any_set(const uint8_t *bytes, size_t count)
{
	unsigned set = 0;

	for (size_t i = 0; i < count; i++)
		set |= bytes[i];
	return set;
}

static bool has_trace(const struct cs_trace_context *context)
{
	return any_set(context->trace_id, sizeof(context->trace_id));
}

/* --- X-Ray --- */

static bool read_root(struct text value, struct cs_trace_context *context)
{
	char digits[TRACE_DIGITS];

	if (value.len != XRAY_ROOT_LEN || value.at[0] != '1' || value.at[1] != '-' ||
	    value.at[2 + XRAY_EPOCH_DIGITS] != '-')
		return false;
	__builtin_memcpy(digits, value.at + 2, XRAY_EPOCH_DIGITS);
	__builtin_memcpy(digits + XRAY_EPOCH_DIGITS, value.at + 3 + XRAY_EPOCH_DIGITS,
			 TRACE_DIGITS - XRAY_EPOCH_DIGITS);
	return read_id((struct text){ digits, sizeof(digits) }, ANY_CASE, context->trace_id,
		       sizeof(context->trace_id)) &&
	       has_trace(context);
}

static bool read_parent(struct text value, struct cs_trace_context *context)
{
	return value.len == SPAN_DIGITS &&
	       read_id(value, ANY_CASE, context->parent_id, sizeof(context->parent_id)) &&
	       any_set(context->parent_id, sizeof(context->parent_id));
}

static bool read_sampled(struct text value, struct cs_trace_context *context)
{
	if (is(value, "0"))
		context->flags = 0;
	return is(value, "0") || is(value, "1") || is(value, "?");
}

int cs_xray_parse(const char *text, size_t len, struct cs_trace_context *ret)
{
	static const struct {
		const char *key;
		bool (*read)(struct text value, struct cs_trace_context *context);
	} known[] = { { "Root", read_root },
		      { "Parent", read_parent },
		      { "Sampled", read_sampled } };
	struct cs_trace_context context = { .flags = CS_TRACE_FLAG_SAMPLED };
	struct text rest = trimmed(text, len);
	unsigned seen = 0;

	while (rest.len) {
		struct text value = next_part(&rest, ';'), key;

		value = trimmed(value.at, value.len);
		if (!value.len)
			continue;
		key = next_part(&value, '=');
		if (key.at + key.len == value.at)
			return -EBADMSG; /* there is no "=" */
		for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (!is(key, known[i].key))
				continue;
			if (seen & 1u << i || !known[i].read(value, &context))
				return -EBADMSG;
			seen |= 1u << i;
		}
	}
	if (!(seen & 1u))
		return -ENODATA;
	*ret = context;
	return 0;
}

/* --- Cloud Trace --- */

/* A decimal number below 2^64; none is 0. */
static bool read_decimal(struct text text, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text.at[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

int cs_cloud_trace_parse(const char *text, size_t len, struct cs_trace_context *ret)
{
	struct cs_trace_context context = { .flags = 0 };
	struct text options = trimmed(text, len);
	struct text span = next_part(&options, ';');
	struct text trace = next_part(&span, '/');
	uint64_t span_id, mask = 0;

	if (trace.len != TRACE_DIGITS ||
	    !read_id(trace, ANY_CASE, context.trace_id, sizeof(context.trace_id)) ||
	    !has_trace(&context) || !read_decimal(span, &span_id))
		return -EBADMSG;
	if (options.len) {
		struct text key = next_part(&options, '=');

		if (!is(key, "o") || !read_decimal(options, &mask))
			return -EBADMSG;
	}
	for (size_t i = 0; i < sizeof(context.parent_id); i++)
		context.parent_id[i] = (uint8_t)(span_id >> (56 - 8 * i));
	context.flags = mask & 1 ? CS_TRACE_FLAG_SAMPLED : 0;
	*ret = context;
	return 0;
}

/* --- B3 --- */

static bool read_b3_ids(struct text trace, struct text span, struct cs_trace_context *context)
{
	return (trace.len == SPAN_DIGITS || trace.len == TRACE_DIGITS) && span.len == SPAN_DIGITS &&
	       read_id(trace, LOWER, context->trace_id, sizeof(context->trace_id)) &&
	       read_id(span, LOWER, context->parent_id, sizeof(context->parent_id)) &&
	       cs_trace_context_valid(context);
}

static bool is_b3_state(struct text text)
{
	return is(text, "0") || is(text, "1") || is(text, "d");
}

static bool is_b3_span(struct text text)
{
	uint8_t id[8];

	return text.len == SPAN_DIGITS && read_id(text, LOWER, id, sizeof(id));
}

int cs_b3_parse(const char *text, size_t len, struct cs_trace_context *ret)
{
	struct cs_trace_context context = { .flags = CS_TRACE_FLAG_SAMPLED };
	struct text rest = trimmed(text, len), trace, span, state;

	if (is_b3_state(rest))
		return -ENODATA;
	if (rest.len && rest.at[rest.len - 1] == '-')
		return -EBADMSG;
	trace = next_part(&rest, '-');
	span = next_part(&rest, '-');
	if (!read_b3_ids(trace, span, &context))
		return -EBADMSG;
	if (rest.len) {
		state = next_part(&rest, '-');
		if (is(state, "0"))
			context.flags = 0;
		else if (!is_b3_state(state) && (rest.len || !is_b3_span(state)))
			return -EBADMSG; /* nor is the decision left out, and the parent told */
		if (rest.len && !is_b3_span(rest))
			return -EBADMSG;
	}
	*ret = context;
	return 0;
}

int cs_b3_headers_parse(const struct cs_b3_headers *headers, struct cs_trace_context *ret)
{
	struct cs_trace_context context = { .flags = CS_TRACE_FLAG_SAMPLED };
	struct text trace = trimmed(headers->trace_id, headers->trace_id_len);
	struct text span = trimmed(headers->span_id, headers->span_id_len);
	struct text sampled = trimmed(headers->sampled, headers->sampled_len);
	struct text flags = trimmed(headers->flags, headers->flags_len);
	bool denied = is(sampled, "0") || is(sampled, "false");

	/* Absent is a decision left to us; an empty header is malformed. */
	if (headers->sampled && !denied && !is(sampled, "1") && !is(sampled, "true"))
		return -EBADMSG;
	if (!headers->trace_id && !headers->span_id)
		return -ENODATA;
	if (!read_b3_ids(trace, span, &context))
		return -EBADMSG;
	if (denied && !is(flags, "1"))
		context.flags = 0;
	*ret = context;
	return 0;
}

/* --- Jaeger --- */

/* @to has room for JAEGER_BYTES. */
static bool decode_colons(struct text from, struct text *ret, char *to)
{
	size_t used = 0;

	if (from.len > JAEGER_BYTES)
		return false;
	for (size_t i = 0; i < from.len; i++) {
		bool encoded = from.len - i >= 3 && from.at[i] == '%' && from.at[i + 1] == '3' &&
			       (from.at[i + 2] | 0x20) == 'a';

		to[used++] = encoded ? ':' : from.at[i];
		i += encoded ? 2 : 0;
	}
	*ret = (struct text){ to, used };
	return true;
}

int cs_jaeger_parse(const char *text, size_t len, struct cs_trace_context *ret)
{
	struct cs_trace_context context = { .flags = 0 };
	char decoded[JAEGER_BYTES] = "";
	struct text rest, trace, span, parent;
	uint8_t flags, ignored[8];

	if (!decode_colons(trimmed(text, len), &rest, decoded))
		return -EBADMSG;
	trace = next_part(&rest, ':');
	span = next_part(&rest, ':');
	parent = next_part(&rest, ':');
	if (!read_id(trace, ANY_CASE, context.trace_id, sizeof(context.trace_id)) ||
	    !read_id(span, ANY_CASE, context.parent_id, sizeof(context.parent_id)) ||
	    !read_id(parent, ANY_CASE, ignored, sizeof(ignored)) ||
	    !read_id(rest, ANY_CASE, &flags, 1) || !cs_trace_context_valid(&context))
		return -EBADMSG;
	if (flags & (JAEGER_SAMPLED | JAEGER_DEBUG))
		context.flags = CS_TRACE_FLAG_SAMPLED;
	*ret = context;
	return 0;
}

/* --- which counts --- */

/* B3's own rule for what comes twice: the first value wins. */
static int read_b3_headers(const struct cs_carrier_value *values, struct cs_trace_context *ret)
{
	const struct cs_carrier_value *trace = &values[CS_CARRIER_B3_HEADERS];
	struct cs_b3_headers headers = {
		.trace_id = trace->text,
		.span_id = values[CS_CARRIER_B3_SPAN].text,
		.sampled = values[CS_CARRIER_B3_SAMPLED].text,
		.flags = values[CS_CARRIER_B3_FLAGS].text,
		.trace_id_len = trace->len,
		.span_id_len = values[CS_CARRIER_B3_SPAN].len,
		.sampled_len = values[CS_CARRIER_B3_SAMPLED].len,
		.flags_len = values[CS_CARRIER_B3_FLAGS].len,
	};

	return cs_b3_headers_parse(&headers, ret);
}

static int parse(enum cs_carrier carrier, const char *text, size_t len,
		 struct cs_trace_context *ret)
{
	switch (carrier) {
	case CS_CARRIER_TRACEPARENT:
		return cs_trace_context_parse(text, len, ret);
	case CS_CARRIER_XRAY:
		return cs_xray_parse(text, len, ret);
	case CS_CARRIER_CLOUD_TRACE:
		return cs_cloud_trace_parse(text, len, ret);
	case CS_CARRIER_B3:
		return cs_b3_parse(text, len, ret);
	case CS_CARRIER_JAEGER:
		return cs_jaeger_parse(text, len, ret);
	case CS_CARRIER_B3_HEADERS:
	case CS_CARRIER_NONE:
	case CS_CARRIER_COUNT:
		break;
	}
	return -ENODATA;
}

int cs_carrier_read(enum cs_carrier carrier, const struct cs_carrier_value *values,
		    struct cs_trace_context *ret)
{
	const struct cs_carrier_value *value = &values[carrier];

	if (carrier == CS_CARRIER_B3_HEADERS)
		return read_b3_headers(values, ret);
	if (!value->count)
		return -ENODATA;
	return value->count == 1 ? parse(carrier, value->text, value->len, ret) : -EBADMSG;
}

enum cs_carrier cs_carriers_choose(const struct cs_carrier_value *values, bool on_lambda,
				   struct cs_trace_context *ret, unsigned *ret_refused)
{
	enum cs_carrier spanless = CS_CARRIER_NONE;
	struct cs_trace_context context;

	*ret_refused = 0;
	for (enum cs_carrier carrier = 1; carrier < CS_CARRIER_COUNT; carrier++) {
		bool skipped = on_lambda && carrier == CS_CARRIER_XRAY, whole;
		int r = skipped ? -ENODATA : cs_carrier_read(carrier, values, &context);

		whole = r == 0 && cs_trace_context_valid(&context);
		if (whole || (r == 0 && !spanless))
			*ret = context;
		if (whole)
			return carrier;
		if (r == 0 && !spanless)
			spanless = carrier;
		if (r < 0 && r != -ENODATA)
			*ret_refused |= 1u << carrier;
	}
	return spanless;
}
