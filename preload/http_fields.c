/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http_fields.h"

#include "preload/http_probe.h"
#include "preload/wire/records.h"

enum state {
	LINE, /* zero: at the start of a line */
	NAME,
	SPACE, /* between colon and value */
	VALUE,
	VALUE_LF, /* the line's CR was seen */
	LAST_LF,  /* the CR of the empty line was seen */
};

enum kind {
	SKIP,
	KEEP,
	CUT, /* kept at first, then found too long */
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	AGENT,
	TYPE,
	PROBE,
};

#define KEPT_NAME_BYTES 32

struct kept {
	uint8_t len;
	char name[KEPT_NAME_BYTES - 1];
};

static const struct kept kept[] = {
#define X(name) { sizeof(name) - 1, name },
	CS_HTTP_KEPT(X)
#undef X
};

/* Bit n: there is one of n bytes. Most names of a request end here. */
static const uint32_t kept_lengths = 0
#define X(name) | 1u << (sizeof(name) - 1)
	CS_HTTP_KEPT(X)
#undef X
	;

#define LAMBDA_NAME_BYTES 24
#define LAMBDA_PREFIX_LEN (sizeof(CS_HTTP_LAMBDA_PREFIX) - 1)

static const struct {
	uint8_t len;
	char name[LAMBDA_NAME_BYTES - 1];
} kept_lambda[] = {
#define X(name) { sizeof(name) - 1, name },
	CS_HTTP_KEPT_LAMBDA(X)
#undef X
};

static const char length_name[] = "content-length";
static const char coding_name[] = "transfer-encoding";
static const char agent_name[] = "user-agent";
static const char type_name[] = "content-type";
static const char azure_name[] = "x-azure-functions-invocationid";
static const char chunked[] = "chunked";

void cs_http_fields_init(struct cs_http_fields *fields)
{
	fields->content_length = 0;
	fields->state = LINE;
	fields->kind = SKIP;
	fields->flags = 0;
	fields->scratch_len = 0;
}

static bool same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

static bool scratch_is(const struct cs_http_fields *fields, const char *name, size_t len)
{
	return fields->scratch_len == len && same(fields->scratch, name, len);
}

bool cs_http_is_kept(const char *name, size_t len)
{
	if (len >= KEPT_NAME_BYTES || !(kept_lengths >> len & 1))
		return false;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i].len == len && same(name, kept[i].name, len))
			return true;
	}
	return false;
}

static bool is_lambda(const struct cs_http_fields *fields)
{
	const char *rest = fields->scratch + LAMBDA_PREFIX_LEN;

	if (fields->scratch_len <= LAMBDA_PREFIX_LEN ||
	    !same(fields->scratch, CS_HTTP_LAMBDA_PREFIX, LAMBDA_PREFIX_LEN))
		return false;
	for (size_t i = 0; i < sizeof(kept_lambda) / sizeof(kept_lambda[0]); i++) {
		if (fields->scratch_len - LAMBDA_PREFIX_LEN == kept_lambda[i].len &&
		    same(rest, kept_lambda[i].name, kept_lambda[i].len))
			return true;
	}
	return false;
}

/* What the name in the scratch is to us. */
static enum kind find_kind(const struct cs_http_fields *fields, bool keep)
{
	if (scratch_is(fields, length_name, sizeof(length_name) - 1))
		return CONTENT_LENGTH;
	if (scratch_is(fields, coding_name, sizeof(coding_name) - 1))
		return TRANSFER_ENCODING;
	if (!keep)
		return SKIP;
	if (fields->flags & CS_HTTP_HOST_ALONE)
		return scratch_is(fields, "host", 4) ? KEEP : SKIP;
	if (scratch_is(fields, agent_name, sizeof(agent_name) - 1))
		return AGENT;
	if (scratch_is(fields, type_name, sizeof(type_name) - 1))
		return TYPE;
	if (cs_http_is_kept(fields->scratch, fields->scratch_len) || is_lambda(fields))
		return KEEP;
	return cs_http_probe_header(fields->scratch, fields->scratch_len) ? PROBE : SKIP;
}

/* Take the line being kept back out of the text. */
static void cut(struct cs_http_fields *fields, struct cs_http_text *text)
{
	text->headers_len = fields->line_start;
	text->flags |= CS_REQUEST_HEADERS_CUT;
	fields->kind = CUT;
}

static void begin_value(struct cs_http_fields *fields, struct cs_http_text *text)
{
	bool room = true;

	fields->state = SPACE;
	fields->kind = (uint8_t)find_kind(fields, text != NULL);
	if (text && fields->kind == KEEP) {
		if (scratch_is(fields, azure_name, sizeof(azure_name) - 1))
			fields->flags |= CS_HTTP_AZURE_CALL;
		fields->line_start = text->headers_len;
		fields->value_len = 0;
		for (size_t i = 0; i < fields->scratch_len; i++)
			room = cs_http_text_put(text, fields->scratch[i]) && room;
		room = cs_http_text_put(text, ':') && cs_http_text_put(text, ' ') && room;
		if (!room)
			cut(fields, text);
	}
	fields->scratch_len = 0;
}

static void value_byte(struct cs_http_fields *fields, struct cs_http_text *text, unsigned char c)
{
	switch ((enum kind)fields->kind) {
	case SKIP:
	case CUT:
		break;
	case PROBE:
		fields->flags |= CS_HTTP_PROBE; /* it has a value */
		break;
	case KEEP:
		if (fields->value_len++ >= CS_HTTP_VALUE_MAX || !cs_http_text_put(text, (char)c))
			cut(fields, text);
		break;
	case CONTENT_LENGTH:
	case TRANSFER_ENCODING:
		/* Some take a tab for a blank here, others for a part of the value. */
		if (c == '\t')
			fields->scratch_len = CS_HTTP_SCRATCH + 1;
		if (fields->scratch_len < CS_HTTP_SCRATCH)
			fields->scratch[fields->scratch_len] = cs_http_lower(c);
		if (fields->scratch_len <= CS_HTTP_SCRATCH)
			fields->scratch_len++;
		break;
	case AGENT:
	case TYPE:
		if (fields->scratch_len < CS_HTTP_SCRATCH)
			fields->scratch[fields->scratch_len++] = (char)c;
		break;
	}
}

static void trim_scratch(struct cs_http_fields *fields)
{
	while (fields->scratch_len && fields->scratch[fields->scratch_len - 1] == ' ')
		fields->scratch_len--;
}

/* RFC 9112 section 6.3: one field, digits only; even an equal second one stops us. */
static bool end_length(struct cs_http_fields *fields)
{
	if (fields->flags & CS_HTTP_HAS_LENGTH || fields->scratch_len > CS_HTTP_SCRATCH)
		return false;
	trim_scratch(fields);
	if (fields->scratch_len == 0 || fields->scratch_len > 18) /* below 2^63 */
		return false;
	for (size_t i = 0; i < fields->scratch_len; i++) {
		char c = fields->scratch[i];

		if (c < '0' || c > '9')
			return false;
		fields->content_length = fields->content_length * 10 + (uint64_t)(c - '0');
	}
	fields->flags |= CS_HTTP_HAS_LENGTH;
	return true;
}

/* The next coding of the list, without the blanks around it; false if it is no token. */
static bool next_coding(const struct cs_http_fields *fields, size_t *at, size_t *ret_begin,
			size_t *ret_len)
{
	const char *text = fields->scratch;
	size_t end, i = *at;

	while (i < fields->scratch_len && text[i] == ' ')
		i++;
	*ret_begin = i;
	while (i < fields->scratch_len && cs_http_is_token((unsigned char)text[i]))
		i++;
	end = i;
	while (i < fields->scratch_len && text[i] == ' ')
		i++;
	if (i < fields->scratch_len && text[i++] != ',')
		return false;
	*at = i;
	*ret_len = end - *ret_begin;
	return *ret_len > 0;
}

/*
 * A list of tokens: "chunked" alone, or as the last one. Chunked twice or in the middle is an attack, and
 * what is no such list (empty elements, parameters, two words) is read in more than one way.
 */
static bool end_coding(struct cs_http_fields *fields)
{
	const size_t len = sizeof(chunked) - 1;
	size_t at = 0, begin, coding_len;

	if (fields->flags & CS_HTTP_HAS_CODING || fields->scratch_len > CS_HTTP_SCRATCH)
		return false;
	trim_scratch(fields);
	if (!fields->scratch_len || fields->scratch[fields->scratch_len - 1] == ',')
		return false;
	fields->flags |= CS_HTTP_HAS_CODING;
	while (at < fields->scratch_len) {
		if (fields->flags & CS_HTTP_CHUNKED ||
		    !next_coding(fields, &at, &begin, &coding_len))
			return false;
		if (coding_len == len && same(fields->scratch + begin, chunked, len))
			fields->flags |= CS_HTTP_CHUNKED;
	}
	return true;
}

/* "application/cloudevents+json; charset=utf-8" (CloudEvents HTTP protocol binding, sections 3.2, 3.3) */
static uint8_t type_flag(const struct cs_http_fields *fields)
{
	static const char prefix[] = "application/cloudevents", json[] = "+json",
			  batch[] = "-batch";
	char type[CS_HTTP_SCRATCH + 1];
	size_t at = sizeof(prefix) - 1, len = 0;
	uint8_t flag = CS_HTTP_CLOUD_EVENT;

	while (len < fields->scratch_len && fields->scratch[len] != ';' &&
	       fields->scratch[len] != ' ') {
		type[len] = cs_http_lower((unsigned char)fields->scratch[len]);
		len++;
	}
	if (len < at || !same(type, prefix, at))
		return 0;
	if (len - at > sizeof(batch) - 1 && same(type + at, batch, sizeof(batch) - 1)) {
		flag = CS_HTTP_CLOUD_EVENTS;
		at += sizeof(batch) - 1;
	}
	return len - at == sizeof(json) - 1 && same(type + at, json, len - at) ? flag : 0;
}

static bool end_line(struct cs_http_fields *fields, struct cs_http_text *text)
{
	switch ((enum kind)fields->kind) {
	case SKIP:
	case CUT:
	case PROBE:
		return true;
	case AGENT:
		if (cs_http_probe_agent(fields->scratch, fields->scratch_len))
			fields->flags |= CS_HTTP_PROBE;
		return true;
	case TYPE:
		fields->flags |= type_flag(fields);
		return true;
	case KEEP:
		while (fields->value_len && (text->bytes[cs_http_text_used(text) - 1] == ' ' ||
					     text->bytes[cs_http_text_used(text) - 1] == '\t')) {
			text->headers_len--;
			fields->value_len--;
		}
		if (!cs_http_text_put(text, '\n'))
			cut(fields, text);
		return true;
	case CONTENT_LENGTH:
		return end_length(fields);
	case TRANSFER_ENCODING:
		return end_coding(fields);
	}
	return false;
}

/* One byte of a name, or the first of a line. */
static enum cs_http_verdict name_byte(struct cs_http_fields *fields, struct cs_http_text *text,
				      unsigned char c)
{
	if (fields->state == LINE && c == '\r') {
		fields->state = LAST_LF;
		return CS_HTTP_MORE;
	}
	if (c == ':' && fields->state == NAME) {
		begin_value(fields, text);
		return CS_HTTP_MORE;
	}
	/* Folded lines, a space before the colon and bare line feeds end here too. */
	if (!cs_http_is_token(c))
		return CS_HTTP_UNFOLLOWED;
	if (fields->state == LINE)
		fields->scratch_len = 0;
	fields->state = NAME;
	if (fields->scratch_len < CS_HTTP_SCRATCH)
		fields->scratch[fields->scratch_len] = cs_http_lower(c);
	if (fields->scratch_len <= CS_HTTP_SCRATCH)
		fields->scratch_len++;
	return CS_HTTP_MORE;
}

static enum cs_http_verdict field_byte(struct cs_http_fields *fields, struct cs_http_text *text,
				       unsigned char c)
{
	switch ((enum state)fields->state) {
	case LINE:
	case NAME:
		return name_byte(fields, text, c);
	case SPACE:
		if (c == ' ' || c == '\t')
			return CS_HTTP_MORE;
		fields->state = VALUE;
		__attribute__((fallthrough));
	case VALUE:
		if (c == '\r') {
			fields->state = VALUE_LF;
			return CS_HTTP_MORE;
		}
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return CS_HTTP_UNFOLLOWED;
		value_byte(fields, text, c);
		return CS_HTTP_MORE;
	case VALUE_LF:
		if (c != '\n' || !end_line(fields, text))
			return CS_HTTP_UNFOLLOWED;
		fields->state = LINE;
		return CS_HTTP_MORE;
	case LAST_LF:
		return c == '\n' ? CS_HTTP_HEAD : CS_HTTP_UNFOLLOWED;
	}
	return CS_HTTP_UNFOLLOWED;
}

/* How many bytes from @at on are plain value: neither a control nor DEL. Eight at a time. */
static size_t plain_run(const unsigned char *at, size_t len)
{
	const uint64_t ones = 0x0101010101010101ull, tops = ones << 7;
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t x, dels;

		__builtin_memcpy(&x, at + n, 8);
		dels = x ^ ones * 0x7f;
		if ((((x - ones * 0x20) & ~x) | ((dels - ones) & ~dels)) & tops)
			break;
	}
	while (n < len && at[n] >= 0x20 && at[n] != 0x7f)
		n++;
	return n;
}

static size_t keep_run(struct cs_http_fields *fields, struct cs_http_text *text,
		       const unsigned char *at, size_t len)
{
	size_t n = plain_run(at, len);
	uint32_t used = cs_http_text_used(text);

	if (n > CS_HTTP_VALUE_MAX - fields->value_len || n > CS_HTTP_TEXT_BYTES - used) {
		cut(fields, text);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		text->bytes[used + i] = (char)at[i];
	text->headers_len = (uint16_t)(text->headers_len + n);
	fields->value_len = (uint16_t)(fields->value_len + n);
	return n;
}

static size_t agent_run(struct cs_http_fields *fields, const unsigned char *at, size_t len)
{
	size_t n = plain_run(at, len);

	for (size_t i = 0; i < n && fields->scratch_len < CS_HTTP_SCRATCH; i++)
		fields->scratch[fields->scratch_len++] = (char)at[i];
	return n;
}

static size_t name_run(struct cs_http_fields *fields, const unsigned char *at, size_t len)
{
	size_t stored = fields->scratch_len, n = 0;

	while (n < len && cs_http_is_token(at[n])) {
		if (stored < CS_HTTP_SCRATCH)
			fields->scratch[stored] = cs_http_lower(at[n]);
		stored += stored <= CS_HTTP_SCRATCH;
		n++;
	}
	fields->scratch_len = (uint8_t)stored;
	return n;
}

/* Whatever changes no state is taken in runs; the byte that ends one is field_byte()'s. */
static size_t take_run(struct cs_http_fields *fields, struct cs_http_text *text,
		       const unsigned char *at, size_t len)
{
	if (fields->state == NAME)
		return name_run(fields, at, len);
	if (fields->state != VALUE)
		return 0;
	if (fields->kind == KEEP)
		return keep_run(fields, text, at, len);
	if (fields->kind == AGENT || fields->kind == TYPE)
		return agent_run(fields, at, len);
	return fields->kind == SKIP || fields->kind == CUT ? plain_run(at, len) : 0;
}

enum cs_http_verdict cs_http_fields_feed(struct cs_http_fields *fields, struct cs_http_text *text,
					 const unsigned char *data, size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t used = 0;

	while (used < len && verdict == CS_HTTP_MORE) {
		used += take_run(fields, text, data + used, len - used);
		if (used < len)
			verdict = field_byte(fields, text, data[used++]);
	}
	*ret_used = used;
	return verdict;
}
