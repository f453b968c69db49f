/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/events/stdio_scan.h"

#include "preload/http/http.h"
#include "preload/http/http_names.h"

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

void cs_stdio_scan_begin(struct cs_stdio_scan *scan, bool answer)
{
	for (size_t i = 0; i < offsetof(struct cs_stdio_scan, text); i++)
		((unsigned char *)scan)[i] = 0;
	cs_kept_begin(&scan->lines, scan->text, CS_STDIO_SCAN_TEXT, 0);
	scan->answer = answer;
}

#define IS(scan, text) cs_kept_name_is(&(scan)->lines, text, sizeof(text) - 1)

static bool is_kept(const struct cs_stdio_scan *scan)
{
#define X(name) || IS(scan, name)
	return false CS_STDIO_KEPT(X);
#undef X
}

static enum want of_header(struct cs_stdio_scan *scan)
{
	if (scan->lines.name_len > CS_KEPT_NAME)
		return NOTHING;
	for (size_t i = 0; i < scan->lines.name_len; i++)
		scan->lines.name[i] = cs_http_lower((unsigned char)scan->lines.name[i]);
	if (cs_baggage_is_header(scan->lines.name, scan->lines.name_len))
		return LIST;
	return cs_http_is_kept(scan->lines.name, scan->lines.name_len) ? LINE : NOTHING;
}

/* What the value behind the key in the scratch is. */
static enum want wanted(struct cs_stdio_scan *scan)
{
	if (scan->answer) {
		scan->failed |= IS(scan, "error");
		return IS(scan, "ok") ? OK : NOTHING;
	}
	switch (scan->lines.json.depth) {
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
	switch (scan->lines.json.depth) {
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
	switch (scan->lines.json.depth) {
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

static void begin_line(struct cs_stdio_scan *scan)
{
	cs_kept_begin_line(&scan->lines, scan->lines.name, scan->lines.name_len,
			   CS_STDIO_VALUE_MAX);
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
		cs_kept_put(&scan->lines, c);
	} else {
		if (scan->want == NUMBER)
			cs_kept_drop_line(&scan->lines);
		scan->want = NOTHING;
	}
}

static void take_token(struct cs_kept *kept, enum cs_json_token token, unsigned char c)
{
	struct cs_stdio_scan *scan = (struct cs_stdio_scan *)kept;

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
		cs_kept_end_line(kept);
		scan->want = NOTHING;
		break;
	case CS_JSON_KEY:
		kept->name_len = 0;
		kept->sink = is_ours(scan) ? CS_KEPT_AS_NAME : CS_KEPT_NOWHERE;
		break;
	case CS_JSON_KEY_END:
		scan->want = (uint8_t)(kept->sink == CS_KEPT_AS_NAME ? wanted(scan) : NOTHING);
		kept->sink = CS_KEPT_NOWHERE;
		break;
	case CS_JSON_STRING:
		if (scan->want == LINE)
			begin_line(scan);
		else if (scan->want == LIST)
			kept->sink = CS_KEPT_AS_BAGGAGE;
		scan->want = NOTHING;
		break;
	case CS_JSON_STRING_END:
		if (kept->sink == CS_KEPT_AS_BAGGAGE)
			cs_kept_end_baggage(kept, false);
		cs_kept_end_line(kept);
		kept->sink = CS_KEPT_NOWHERE;
		break;
	case CS_JSON_CHARACTER:
	case CS_JSON_TOO_DEEP:
	case CS_JSON_BROKEN:
		break;
	}
}

void cs_stdio_scan_feed(struct cs_stdio_scan *scan, const unsigned char *data, size_t len)
{
	size_t n = cs_kept_feed(&scan->lines, data, len, take_token);

	scan->lines.cut |= !scan->lines.dead && n < len;
}

bool cs_stdio_scan_end(struct cs_stdio_scan *scan)
{
	cs_kept_break_off(&scan->lines);
	if (scan->lines.dead && !scan->lines.cut) {
		scan->lines.used = 0;
		return false;
	}
	return scan->object && (scan->lines.cut || !scan->lines.json.depth);
}
