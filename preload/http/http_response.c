/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_response.h"

#include "preload/http/http_names.h"
#include "preload/http/swar.h"
#include "preload/layout.h"

enum state {
	LINE, /* zero: "HTTP/1.x nnn" */
	REASON,
	LINE_LF,
	FIELDS,
	BODY,
};

/* x is 0 or 1, n a digit. */
static const char pattern[] = "HTTP/1.x nnn";

#define STATUS_AT 9

static void begin_head(struct cs_http_response *response)
{
	response->head_bytes = 0;
	response->status = 0;
	response->progress = 0;
	response->state = LINE;
}

CS_HOT void cs_http_response_init(struct cs_http_response *response, bool no_body)
{
	begin_head(response);
	response->no_body = no_body;
	response->to_connect = false;
}

CS_HOT bool cs_http_response_idle(const struct cs_http_response *response)
{
	return response->state == LINE && response->progress == 0;
}

bool cs_http_response_ends_by_close(const struct cs_http_response *response)
{
	return response->state == BODY && cs_http_body_ends_by_close(&response->body);
}

CS_HOT bool cs_http_response_over(const struct cs_http_response *response)
{
	return response->state == BODY && cs_http_body_done(&response->body);
}

size_t cs_http_response_content(const struct cs_http_response *response, size_t len)
{
	return response->state == BODY ? cs_http_body_content(&response->body, len) : 0;
}

/* Another protocol (RFC 9110 section 15.2.2), or anybody's bytes (section 9.3.6). */
bool cs_http_response_tunnel(const struct cs_http_response *response)
{
	return response->status == 101 || (response->to_connect && response->status / 100 == 2);
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* One byte of "HTTP/1.x nnn". */
static enum cs_http_verdict pattern_byte(struct cs_http_response *response, unsigned char c)
{
	char want = pattern[response->progress++];

	if (want == 'x') {
		response->version = (uint8_t)(10 + c - '0');
		return c == '0' || c == '1' ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	}
	if (want == 'n') {
		response->status = (uint16_t)(response->status * 10 + c - '0');
		return is_digit(c) ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	}
	return c == (unsigned char)want ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
}

static void begin_fields(struct cs_http_response *response)
{
	cs_http_fields_init(&response->fields);
	response->state = FIELDS;
}

static enum cs_http_verdict line_byte(struct cs_http_response *response, unsigned char c)
{
	switch ((enum state)response->state) {
	case LINE:
		if (response->progress < sizeof(pattern) - 1)
			return pattern_byte(response, c);
		if (c != ' ' && c != '\r')
			return CS_HTTP_NOT_HTTP;
		response->state = c == ' ' ? REASON : LINE_LF;
		return response->status >= 100 ? CS_HTTP_MORE : CS_HTTP_NOT_HTTP;
	case REASON:
		if (c == '\r')
			response->state = LINE_LF;
		return c == '\n' || c == 0 ? CS_HTTP_UNFOLLOWED : CS_HTTP_MORE;
	default:
		begin_fields(response);
		return c == '\n' ? CS_HTTP_MORE : CS_HTTP_UNFOLLOWED;
	}
}

/*
 * A line that came whole and is what lines mostly are. The rest is left to line_byte(), which would make the same of
 * it. Return: its bytes; 0: it is no such line.
 */
static size_t whole_line(struct cs_http_response *response, const unsigned char *at, size_t len)
{
	const size_t reason = sizeof(pattern) - 1;
	unsigned hundreds, tens, ones;
	uint8_t version;
	size_t end;

	if (len < reason + CS_SWAR_BYTES || at[STATUS_AT - 1] != ' ' ||
	    (at[reason] != ' ' && at[reason] != '\r'))
		return 0;
	version = cs_swar_version(cs_swar_load(at));
	hundreds = at[STATUS_AT] - (unsigned)'0';
	tens = at[STATUS_AT + 1] - (unsigned)'0';
	ones = at[STATUS_AT + 2] - (unsigned)'0';
	if (!version || hundreds - 1 > 8 || tens > 9 || ones > 9)
		return 0;
	end = reason + cs_http_plain_run(at + reason, len - reason);
	if (len - end < 2 || !cs_swar_is_crlf(at + end))
		return 0;
	response->version = version;
	response->status = (uint16_t)(hundreds * 100 + tens * 10 + ones);
	begin_fields(response);
	return end + 2;
}

static enum cs_http_verdict feed_line(struct cs_http_response *response, const unsigned char *data,
				      size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t left = CS_HTTP_HEAD_MAX - response->head_bytes, used;

	used = response->progress ? 0 : whole_line(response, data, len < left ? len : left);
	if (!used)
		verdict = line_byte(response, data[used++]);
	response->head_bytes += (uint32_t)used;
	*ret_used = used;
	return response->head_bytes > CS_HTTP_HEAD_MAX ? CS_HTTP_UNFOLLOWED : verdict;
}

/* RFC 9112 section 6.3, for responses. */
CS_HOT enum cs_http_verdict cs_http_response_begin_body(struct cs_http_response *response)
{
	const struct cs_http_fields *fields = &response->fields;
	uint16_t status = response->status;

	if (status / 100 == 1 && status != 101) {
		begin_head(response);
		return CS_HTTP_MORE;
	}
	response->state = BODY;
	if (response->no_body || cs_http_response_tunnel(response) || status == 204 ||
	    status == 304) {
		cs_http_body_length(&response->body, 0);
	} else if (fields->flags & CS_HTTP_HAS_CODING) {
		if (fields->flags & CS_HTTP_HAS_LENGTH || response->version == 10)
			return CS_HTTP_UNFOLLOWED;
		if (fields->flags & CS_HTTP_CHUNKED)
			cs_http_body_chunked(&response->body);
		else
			cs_http_body_until_close(&response->body);
	} else if (fields->flags & CS_HTTP_HAS_LENGTH) {
		cs_http_body_length(&response->body, fields->content_length);
	} else {
		cs_http_body_until_close(&response->body);
	}
	return CS_HTTP_HEAD;
}

static enum cs_http_verdict feed_fields(struct cs_http_response *response,
					struct cs_http_text *text, const unsigned char *data,
					size_t len, size_t *ret_used)
{
	enum cs_http_verdict verdict =
		cs_http_fields_feed(&response->fields, text, data, len, ret_used);

	if (*ret_used > CS_HTTP_HEAD_MAX - response->head_bytes)
		return CS_HTTP_UNFOLLOWED;
	response->head_bytes += (uint32_t)*ret_used;
	return verdict == CS_HTTP_HEAD ? cs_http_response_begin_body(response) : verdict;
}

CS_HOT enum cs_http_verdict cs_http_response_feed(struct cs_http_response *response,
						  struct cs_http_text *text,
						  const unsigned char *data, size_t len,
						  size_t *ret_used)
{
	enum cs_http_verdict verdict = CS_HTTP_MORE;
	size_t used = 0, part;

	*ret_used = 0;
	while (used < len && verdict == CS_HTTP_MORE) {
		if (response->state == BODY) {
			verdict = cs_http_body_feed(&response->body, NULL,
						    data ? data + used : NULL, len - used, &part);
			used += part;
		} else if (!data) {
			verdict = CS_HTTP_UNFOLLOWED;
		} else if (response->state == FIELDS) {
			verdict = feed_fields(response, text, data + used, len - used, &part);
			used += part;
			if (cs_http_response_idle(response))
				break; /* an interim one ends here */
		} else {
			verdict = feed_line(response, data + used, len - used, &part);
			used += part;
		}
	}
	*ret_used = used;
	return verdict;
}

static size_t without_blanks(const unsigned char *at, size_t len)
{
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t' || at[len - 1] == '\r'))
		len--;
	return len;
}

/* "Upgrade: h2c" (RFC 7540, section 3.2), of a line without its end. */
static bool is_to_http2(const unsigned char *line, size_t len)
{
	static const struct cs_http_listed name = { 7, "upgrade" }, value = { 3, "h2c" };
	size_t at = 0;

	while (at < len && line[at] != ':')
		at++;
	if (at == len || !cs_http_is_listed(&name, 1, line, at))
		return false;
	at++;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return cs_http_is_listed(&value, 1, line + at, without_blanks(line + at, len - at));
}

/* It is the program's memory, and may have changed since it was read. */
bool cs_http_upgrades_to_http2(const unsigned char *head, size_t len)
{
	size_t end;

	for (size_t at = 0; at < len; at = end + 1) {
		for (end = at; end < len && head[end] != '\n';)
			end++;
		if (is_to_http2(head + at, end - at))
			return true;
	}
	return false;
}
