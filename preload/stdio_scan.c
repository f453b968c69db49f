/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/stdio_scan.h"

#include "preload/http.h"
#include "preload/http_names.h"

/* What a value is to us. */
enum want {
	NOTHING,
	LIST,   /* of baggage */
	LINE,   /* kept under the name in the scratch */
	NUMBER, /* that is being kept */
	PARAMETERS,
	HEADERS,
	OK,
};

enum sink {
	NOWHERE,
	NAME,
	TEXT,
	BAGGAGE,
};

void cs_stdio_scan_begin(struct cs_stdio_scan *scan, bool answer)
{
	for (size_t i = 0; i < offsetof(struct cs_stdio_scan, text); i++)
		((unsigned char *)scan)[i] = 0;
	cs_json_begin(&scan->json);
	scan->answer = answer;
}

/* --- what is kept --- */

static bool append(struct cs_stdio_scan *scan, char c)
{
	if (scan->used == CS_STDIO_SCAN_TEXT)
		return false;
	scan->text[scan->used++] = c;
	return true;
}

static void drop_line(struct cs_stdio_scan *scan)
{
	scan->used = scan->line;
	scan->sink = NOWHERE;
}

static void cut_line(struct cs_stdio_scan *scan)
{
	drop_line(scan);
	scan->cut = true;
}

static void begin_line(struct cs_stdio_scan *scan)
{
	bool room = true;

	scan->line = scan->used;
	scan->sink = TEXT;
	for (size_t i = 0; i < scan->name_len; i++)
		room = append(scan, scan->name[i]) && room;
	if (!append(scan, ':') || !append(scan, ' ') || !room)
		cut_line(scan);
}

/* The next byte of that header's value, or its end. */
static void take_baggage(struct cs_stdio_scan *scan, int c)
{
	const struct cs_baggage_text lines = {
		.bytes = scan->text,
		.size = CS_STDIO_SCAN_TEXT,
		.used = &scan->used,
		.line = &scan->line,
		.name = scan->name,
		.name_len = &scan->name_len,
	};

	scan->cut |= !cs_baggage_take(&scan->baggage, &lines, c);
}

static void end_line(struct cs_stdio_scan *scan)
{
	if (scan->sink != TEXT)
		return;
	if (scan->used == scan->line + scan->name_len + 2u)
		drop_line(scan);
	else if (!append(scan, '\n'))
		cut_line(scan);
	scan->sink = NOWHERE;
}

/* What an id, a name or a context is made of is plain ASCII. */
static void put(struct cs_stdio_scan *scan, unsigned char c)
{
	bool plain = c >= 0x20 && c < 0x7f;

	switch ((enum sink)scan->sink) {
	case NOWHERE:
		break;
	case NAME:
		if (scan->name_len < CS_STDIO_SCAN_NAME)
			scan->name[scan->name_len] = (char)(plain ? c : 0);
		if (scan->name_len <= CS_STDIO_SCAN_NAME)
			scan->name_len++;
		break;
	case TEXT:
		if (!plain)
			drop_line(scan);
		else if (scan->used - scan->line - scan->name_len - 2u >= CS_STDIO_VALUE_MAX ||
			 !append(scan, (char)c))
			cut_line(scan);
		break;
	case BAGGAGE:
		take_baggage(scan, c);
		break;
	}
}

/* --- what it is --- */

static bool name_is(const struct cs_stdio_scan *scan, const char *name, size_t len)
{
	if (scan->name_len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (scan->name[i] != name[i])
			return false;
	}
	return true;
}

#define IS(scan, text) name_is(scan, text, sizeof(text) - 1)

static bool is_kept(const struct cs_stdio_scan *scan)
{
#define X(name) || IS(scan, name)
	return false CS_STDIO_KEPT(X);
#undef X
}

static enum want of_header(struct cs_stdio_scan *scan)
{
	if (scan->name_len > CS_STDIO_SCAN_NAME)
		return NOTHING;
	for (size_t i = 0; i < scan->name_len; i++)
		scan->name[i] = cs_http_lower((unsigned char)scan->name[i]);
	if (cs_baggage_is_header(scan->name, scan->name_len))
		return LIST;
	return cs_http_is_kept(scan->name, scan->name_len) ? LINE : NOTHING;
}

/* What the value behind the key in the scratch is. */
static enum want wanted(struct cs_stdio_scan *scan)
{
	if (scan->answer) {
		scan->failed |= IS(scan, "error");
		return IS(scan, "ok") ? OK : NOTHING;
	}
	switch (scan->json.depth) {
	case 1:
		return IS(scan, "value") ? PARAMETERS : is_kept(scan) ? LINE : NOTHING;
	case 2:
		return IS(scan, "__ow_headers") ? HEADERS : NOTHING;
	default:
		return of_header(scan);
	}
}

/* Are the keys at this level ours to look at? */
static bool is_ours(const struct cs_stdio_scan *scan)
{
	switch (scan->json.depth) {
	case 1:
		return true;
	case 2:
		return scan->in_value;
	case 3:
		return scan->in_value && scan->in_headers;
	default:
		return false;
	}
}

static void open_value(struct cs_stdio_scan *scan, bool object)
{
	switch (scan->json.depth) {
	case 1:
		scan->object = object;
		break;
	case 2:
		scan->in_value = object && scan->want == PARAMETERS;
		break;
	case 3:
		scan->in_headers = object && scan->want == HEADERS;
		scan->web |= scan->in_headers;
		break;
	default:
		break;
	}
	scan->want = NOTHING;
}

/* Of a value that is no string: a number of digits alone is kept; of words only what "ok" is. */
static void take_bare(struct cs_stdio_scan *scan, unsigned char c)
{
	bool digit = c >= '0' && c <= '9';

	if (c <= ' ' || c == ':')
		return;
	if (scan->want == OK) {
		scan->ok = c == 't';
	} else if (digit && scan->want == LINE) {
		scan->want = NUMBER;
		begin_line(scan);
	}
	if (digit && scan->want == NUMBER) {
		put(scan, c);
	} else {
		if (scan->want == NUMBER)
			drop_line(scan);
		scan->want = NOTHING;
	}
}

static void take_byte(struct cs_stdio_scan *scan, unsigned char c)
{
	enum cs_json_token token = cs_json_take(&scan->json, c);

	switch (token) {
	case CS_JSON_NOTHING:
		if (scan->want != NOTHING)
			take_bare(scan, c);
		break;
	case CS_JSON_OBJECT:
	case CS_JSON_ARRAY:
		open_value(scan, token == CS_JSON_OBJECT);
		break;
	case CS_JSON_CLOSED:
	case CS_JSON_NEXT:
		end_line(scan);
		scan->want = NOTHING;
		break;
	case CS_JSON_KEY:
		scan->name_len = 0;
		scan->sink = is_ours(scan) ? NAME : NOWHERE;
		break;
	case CS_JSON_KEY_END:
		scan->want = (uint8_t)(scan->sink == NAME ? wanted(scan) : NOTHING);
		scan->sink = NOWHERE;
		break;
	case CS_JSON_STRING:
		if (scan->want == LINE)
			begin_line(scan);
		else if (scan->want == LIST)
			scan->sink = BAGGAGE;
		scan->want = NOTHING;
		break;
	case CS_JSON_STRING_END:
		if (scan->sink == BAGGAGE)
			take_baggage(scan, CS_BAGGAGE_OVER);
		end_line(scan);
		scan->sink = NOWHERE;
		break;
	case CS_JSON_CHARACTER:
		put(scan, scan->json.character);
		break;
	case CS_JSON_TOO_DEEP:
		scan->cut = true;
		__attribute__((fallthrough));
	case CS_JSON_BROKEN:
		scan->dead = true;
		break;
	}
}

void cs_stdio_scan_feed(struct cs_stdio_scan *scan, const unsigned char *data, size_t len)
{
	size_t left = CS_STDIO_SCAN_MAX - scan->bytes, end = len < left ? len : left, n = 0;

	while (n < end && !scan->dead) {
		if (scan->sink == NOWHERE)
			n += cs_json_skip(&scan->json, data + n, end - n);
		if (n < end)
			take_byte(scan, data[n++]);
	}
	scan->bytes += (uint32_t)n;
	scan->cut |= !scan->dead && n < len;
}

bool cs_stdio_scan_end(struct cs_stdio_scan *scan)
{
	if (scan->sink == TEXT)
		drop_line(scan);
	if (scan->sink == BAGGAGE)
		take_baggage(scan, CS_BAGGAGE_LOST);
	if (scan->dead && !scan->cut) {
		scan->used = 0;
		return false;
	}
	return scan->object && (scan->cut || !scan->json.depth);
}
