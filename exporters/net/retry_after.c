/* SPDX-License-Identifier: Apache-2.0 */

/* Retry-After; see retry_after.h. Reads no locale: strptime() would. */
#include "exporters/net/retry_after.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* A cursor over the value; `ok` falls once and stays. */
struct reader {
	const char *at;
	bool ok;
};

static void expect(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if (r->ok && strncmp(r->at, text, len) == 0)
		r->at += len;
	else
		r->ok = false;
}

static int digits(struct reader *r, int count)
{
	int value = 0;

	for (int i = 0; i < count && r->ok; i++) {
		if (*r->at < '0' || *r->at > '9')
			r->ok = false;
		else
			value = 10 * value + (*r->at++ - '0');
	}
	return value;
}

/* Index of the word that stands here, cut to @len bytes if @len is not 0. */
static int word(struct reader *r, const char *const *words, int count, size_t len)
{
	for (int i = 0; i < count && r->ok; i++) {
		size_t n = len ? len : strlen(words[i]);

		if (strncmp(r->at, words[i], n) == 0) {
			r->at += n;
			return i;
		}
	}
	r->ok = false;
	return 0;
}

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static void read_clock(struct reader *r, struct tm *tm)
{
	tm->tm_hour = digits(r, 2);
	expect(r, ":");
	tm->tm_min = digits(r, 2);
	expect(r, ":");
	tm->tm_sec = digits(r, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool read_fixdate(const char *value, struct tm *tm)
{
	struct reader r = { value, true };

	word(&r, days, 7, 3);
	expect(&r, ", ");
	tm->tm_mday = digits(&r, 2);
	expect(&r, " ");
	tm->tm_mon = word(&r, months, 12, 3);
	expect(&r, " ");
	tm->tm_year = digits(&r, 4) - 1900;
	expect(&r, " ");
	read_clock(&r, tm);
	expect(&r, " GMT");
	return r.ok && *r.at == '\0';
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; more than 50 years ahead means the past century. */
static bool read_rfc850(const char *value, int now_year, struct tm *tm)
{
	struct reader r = { value, true };
	int year;

	word(&r, days, 7, 0);
	expect(&r, ", ");
	tm->tm_mday = digits(&r, 2);
	expect(&r, "-");
	tm->tm_mon = word(&r, months, 12, 3);
	expect(&r, "-");
	year = now_year / 100 * 100 + digits(&r, 2);
	tm->tm_year = (year > now_year + 50 ? year - 100 : year) - 1900;
	expect(&r, " ");
	read_clock(&r, tm);
	expect(&r, " GMT");
	return r.ok && *r.at == '\0';
}

/* "Sun Nov  6 08:49:37 1994" */
static bool read_asctime(const char *value, struct tm *tm)
{
	struct reader r = { value, true };

	word(&r, days, 7, 3);
	expect(&r, " ");
	tm->tm_mon = word(&r, months, 12, 3);
	expect(&r, " ");
	if (r.ok && *r.at == ' ') {
		r.at++;
		tm->tm_mday = digits(&r, 1);
	} else {
		tm->tm_mday = digits(&r, 2);
	}
	expect(&r, " ");
	read_clock(&r, tm);
	expect(&r, " ");
	tm->tm_year = digits(&r, 4) - 1900;
	return r.ok && *r.at == '\0';
}

static bool in_range(const struct tm *tm)
{
	return tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
	       tm->tm_sec <= 60;
}

/* Returns false if @value is not all digits. */
static bool read_seconds(const char *value, uint32_t *ret_s)
{
	uint32_t s = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return false;
		s = 10 * s + (uint32_t)(*value - '0');
		if (s > CS_RETRY_AFTER_MAX_S)
			s = CS_RETRY_AFTER_MAX_S; /* any further digit keeps it over the limit */
	}
	*ret_s = s;
	return true;
}

int cs_retry_after_parse(const char *value, int64_t now_unix_s, uint32_t *ret_s)
{
	struct tm fix = { 0 }, rfc850 = { 0 }, asctime = { 0 }, *found, now;
	time_t now_s = (time_t)now_unix_s;
	int64_t left;

	if (read_seconds(value, ret_s))
		return 0;
	if (!gmtime_r(&now_s, &now))
		return -EINVAL;
	found = read_fixdate(value, &fix)                         ? &fix
		: read_rfc850(value, now.tm_year + 1900, &rfc850) ? &rfc850
		: read_asctime(value, &asctime)                   ? &asctime
								  : NULL;
	if (!found || !in_range(found))
		return -EINVAL;
	left = (int64_t)timegm(found) - now_unix_s;
	*ret_s = left < 0 ? 0 : left > CS_RETRY_AFTER_MAX_S ? CS_RETRY_AFTER_MAX_S : (uint32_t)left;
	return 0;
}
