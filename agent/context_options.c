/* SPDX-License-Identifier: Apache-2.0 */

#include "agent/context_options.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/suggest.h"
#include "preload/wire/baggage.h"

static int check_propagate(const char *word, int len)
{
	static const char *const words[] = { "env", "inbound", "outbound" };
	const size_t count = sizeof(words) / sizeof(words[0]);
	char typed[16];
	const char *near;

	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == (size_t)len && !strncmp(words[i], word, (size_t)len))
			return 0;
	}
	near = NULL;
	if (len > 0 && (size_t)len < sizeof(typed)) {
		memcpy(typed, word, (size_t)len);
		typed[len] = '\0';
		near = cs_suggest(typed, words, count);
	}
	if (near)
		cs_log(CS_LOG_ERROR, "--propagate \"%.*s\": did you mean \"%s\"?", len, word, near);
	else
		cs_log(CS_LOG_ERROR,
		       "--propagate \"%.*s\": write inbound, outbound, env, or some of them by commas",
		       len, word);
	return -EINVAL;
}

/* A token (RFC 9110 section 5.6.2). */
static int check_baggage(const char *key, int len)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (len > 0 && strspn(key, letters) >= (size_t)len && (size_t)len <= CS_BAGGAGE_KEY_MAX)
		return 0;
	cs_log(CS_LOG_ERROR,
	       "--baggage \"%.*s\": no key; write keys of up to %u letters, digits or any of "
	       "!#$%%&'*+-.^_`|~ by commas",
	       len, key, CS_BAGGAGE_KEY_MAX);
	return -EINVAL;
}

static int check_list(const char *list, int (*check)(const char *part, int len),
		      unsigned *ret_count)
{
	size_t len;

	for (*ret_count = 1;; ++*ret_count, list += len + 1) {
		len = strcspn(list, ",");
		if (check(list, (int)len) < 0)
			return -EINVAL;
		if (!list[len])
			return 0;
	}
}

int cs_context_option(struct cs_context_options *options, int option, const char *value)
{
	unsigned count;

	if (option != CS_CONTEXT_PROPAGATE && option != CS_CONTEXT_BAGGAGE)
		return 0;
	if (check_list(value, option == CS_CONTEXT_PROPAGATE ? check_propagate : check_baggage,
		       &count) < 0)
		return -EINVAL;
	if (option == CS_CONTEXT_PROPAGATE) {
		options->propagate = value;
		return 1;
	}
	if (count > CS_BAGGAGE_KEYS_MAX) {
		cs_log(CS_LOG_ERROR, "--baggage names %u keys: %u are taken at most", count,
		       CS_BAGGAGE_KEYS_MAX);
		return -EINVAL;
	}
	options->baggage = value;
	return 1;
}

size_t cs_context_variables(const struct cs_context_options *options,
			    struct cs_environment_variable *ret)
{
	size_t count = 0;

	if (options->propagate)
		ret[count++] = (struct cs_environment_variable){ "COLDSPAN_PROPAGATE",
								 options->propagate };
	if (options->baggage)
		ret[count++] =
			(struct cs_environment_variable){ "COLDSPAN_BAGGAGE", options->baggage };
	return count;
}
