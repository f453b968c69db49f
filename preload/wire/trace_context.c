/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of W3C Trace Context; see trace_context.h. */
#include "preload/wire/trace_context.h"

#include <errno.h>

/* A piece of the caller's text. */
struct piece {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct piece without_blanks(const char *text, size_t len)
{
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	return (struct piece){ text, len };
}

/* -1 if @c is no lower-case hexadecimal digit: upper case is malformed by the specification. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, uint8_t *ret, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static char *format_hex(char *to, const uint8_t *from, unsigned bytes)
{
	static const char digits[16] = "0123456789abcdef";

	for (unsigned i = 0; i < bytes; i++) {
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
	return to;
}

static bool any_set(const uint8_t *bytes, unsigned count)
{
	unsigned set = 0;

	for (unsigned i = 0; i < count; i++)
		set |= bytes[i];
	return set != 0;
}

bool cs_trace_context_valid(const struct cs_trace_context *context)
{
	return any_set(context->trace_id, sizeof(context->trace_id)) &&
	       any_set(context->parent_id, sizeof(context->parent_id));
}

int cs_trace_context_parse(const char *text, size_t len, struct cs_trace_context *ret)
{
	struct piece value = without_blanks(text, len);
	struct cs_trace_context parsed;
	uint8_t version;

	/* version 0..1, trace id 3..34, parent id 36..51, flags 53..54, each with a dash between */
	if (value.len < CS_TRACEPARENT_LEN || value.text[2] != '-' || value.text[35] != '-' ||
	    value.text[52] != '-')
		return -EBADMSG;
	if (!parse_hex(value.text, &version, 1) || version == 0xff)
		return -EBADMSG;
	if (value.len > CS_TRACEPARENT_LEN &&
	    (version == 0 || value.text[CS_TRACEPARENT_LEN] != '-'))
		return -EBADMSG;
	if (!parse_hex(value.text + 3, parsed.trace_id, sizeof(parsed.trace_id)) ||
	    !parse_hex(value.text + 36, parsed.parent_id, sizeof(parsed.parent_id)) ||
	    !parse_hex(value.text + 53, &parsed.flags, 1))
		return -EBADMSG;
	if (!cs_trace_context_valid(&parsed))
		return -EBADMSG;
	parsed.flags &= CS_TRACE_FLAGS_KNOWN;
	*ret = parsed;
	return 0;
}

void cs_trace_context_format(const struct cs_trace_context *context,
			     char ret[CS_TRACEPARENT_LEN + 1])
{
	uint8_t version = 0, flags = context->flags & CS_TRACE_FLAGS_KNOWN;
	char *to = format_hex(ret, &version, 1);

	*to++ = '-';
	to = format_hex(to, context->trace_id, sizeof(context->trace_id));
	*to++ = '-';
	to = format_hex(to, context->parent_id, sizeof(context->parent_id));
	*to++ = '-';
	to = format_hex(to, &flags, 1);
	*to = '\0';
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_key_char(char c)
{
	return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}

/* key "=" value; blanks around it are gone already, so that the value does not end in one. */
static bool is_member(struct piece member)
{
	size_t i = 0, value_len;

	while (i < member.len && is_key_char(member.text[i]))
		i++;
	if (i == 0 || i > 256 || i == member.len || member.text[i] != '=' ||
	    !is_lower_or_digit(member.text[0]))
		return false;
	value_len = member.len - ++i;
	if (value_len == 0 || value_len > 256)
		return false;
	for (; i < member.len; i++) {
		if (member.text[i] < 0x20 || member.text[i] > 0x7e || member.text[i] == '=')
			return false;
	}
	return true;
}

static int split_members(const char *text, size_t len, struct piece *ret, unsigned *ret_count)
{
	size_t from = 0;
	unsigned count = 0;

	while (from < len) {
		size_t to = from;
		struct piece member;

		while (to < len && text[to] != ',')
			to++;
		member = without_blanks(text + from, to - from);
		from = to + 1;
		if (member.len == 0)
			continue;
		if (!is_member(member))
			return -EBADMSG;
		if (count == CS_TRACE_STATE_MEMBERS_MAX)
			return -E2BIG;
		ret[count++] = member;
	}
	*ret_count = count;
	return 0;
}

/* Take members away (length 0) until the rest, joined by commas, fits. */
static void fit_members(struct piece *members, unsigned count, size_t capacity)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += members[i].len + 1;
	for (int only_long = 1; only_long >= 0; only_long--) {
		for (unsigned i = count; i-- > 0 && bytes > capacity + 1;) {
			if (only_long && members[i].len <= CS_TRACE_STATE_LONG_BYTES)
				continue;
			if (members[i].len)
				bytes -= members[i].len + 1;
			members[i].len = 0;
		}
	}
}

int cs_trace_state_copy(const char *text, size_t len, char *ret, size_t capacity, size_t *ret_len)
{
	struct piece members[CS_TRACE_STATE_MEMBERS_MAX];
	size_t at = 0;
	unsigned count;
	int r = split_members(text, len, members, &count);

	if (r < 0)
		return r;
	fit_members(members, count, capacity);
	for (unsigned i = 0; i < count; i++) {
		if (members[i].len && at)
			ret[at++] = ',';
		for (size_t b = 0; b < members[i].len; b++)
			ret[at++] = members[i].text[b];
	}
	*ret_len = at;
	return 0;
}
