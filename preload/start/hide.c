/* SPDX-License-Identifier: Apache-2.0 */

/* Our entry in LD_PRELOAD; see hide.h. */
#include "preload/start/hide.h"

#include "preload/text.h"

#define PRELOAD "LD_PRELOAD="
#define OURS    "libcoldspan.so"

static bool ends_entry(char c)
{
	return c == ':' || c == ' ' || c == '\0';
}

/* Is the entry from @entry to @end the shim, in whatever folder? */
static bool is_ours(const char *entry, const char *end)
{
	const size_t len = sizeof(OURS) - 1;

	if ((size_t)(end - entry) < len || !cs_text_starts(end - len, OURS))
		return false;
	return end - len == entry || end[-(long)len - 1] == '/';
}

/* Removes our entries, each with one separator; what stays has its order and its separators. */
static void cut(char *value)
{
	char *out = value, *in = value;
	bool gone = false; /* the entry before @in */

	while (*in) {
		char *end = in;

		while (!ends_entry(*end))
			end++;
		gone = is_ours(in, end);
		if (gone) {
			in = *end ? end + 1 : end;
			continue;
		}
		while (in < end)
			*out++ = *in++;
		if (*in)
			*out++ = *in++;
	}
	if (gone && out > value) /* the separator before it goes as well */
		out--;
	*out = '\0';
}

void cs_hide(const struct cs_start *start)
{
	const char *names = cs_start_env(start, "COLDSPAN_HIDE");

	if (start->argc < 1 || !start->argv[0] ||
	    !cs_text_lists(names ? names : CS_HIDE_DEFAULT, cs_text_base(start->argv[0])))
		return;
	for (char **e = start->envp; *e; e++) {
		if (cs_text_starts(*e, PRELOAD))
			cut(*e + sizeof(PRELOAD) - 1);
	}
}
