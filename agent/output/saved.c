/* SPDX-License-Identifier: Apache-2.0 */

/* Files of samples; see saved.h. */
#include "agent/output/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/output/json.h"
#include "base/input.h"

/* Return: bytes read, @ret is the caller's; negative errno. */
static ssize_t take(const char *path, char **ret)
{
	cs_cleanup(cs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cs_cleanup(cs_freep) char *text = NULL;
	struct stat st;
	ssize_t len;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_size > (off_t)CS_RESULT_JSON_BYTES_MAX)
		return -EFBIG;
	/* What is no file has no size: as much as may be. */
	text = malloc((S_ISREG(st.st_mode) ? (size_t)st.st_size : CS_RESULT_JSON_BYTES_MAX) + 1);
	if (!text)
		return -ENOMEM;
	len = cs_input_read(fd, text,
			    (S_ISREG(st.st_mode) ? (size_t)st.st_size : CS_RESULT_JSON_BYTES_MAX) +
				    1);
	if (len >= 0)
		*ret = CS_TAKE_PTR(text);
	return len;
}

static bool is_wanted(const char *name, char *const *names, int names_count)
{
	for (int i = 0; i < names_count; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return !names_count;
}

static void drop_others(struct cs_result *result, char *const *names, int names_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < result->count; i++) {
		struct cs_result_function *function = &result->functions[i];

		if (is_wanted(function->asserted.function->name, names, names_count))
			result->functions[kept++] = *function;
		else
			cs_asserted_deinit(&function->asserted);
	}
	result->count = kept;
}

static bool has(const struct cs_result *result, const struct cs_plan_function *function)
{
	for (size_t i = 0; i < result->count; i++) {
		if (result->functions[i].asserted.function == function)
			return true;
	}
	return false;
}

/* What is asked for and nowhere: it must not be green. */
static int add_missing(struct cs_result *result, char *const *names, int names_count)
{
	const struct cs_plan *plan = result->plan;

	for (size_t i = 0; i < plan->functions_count; i++) {
		const struct cs_plan_function *function = &plan->functions[i];
		struct cs_asserted asserted = { .function = function, .looks = 1 };
		struct cs_origin origin;
		int r;

		if (!is_wanted(function->name, names, names_count) || has(result, function))
			continue;
		asserted.own = calloc(1, sizeof(*asserted.own));
		asserted.judgements =
			calloc(function->budgets_count + 1, sizeof(*asserted.judgements));
		r = asserted.own && asserted.judgements ? cs_result_origin(result, false, &origin)
							: -ENOMEM;
		if (r == 0)
			r = cs_result_add(result, &asserted, &origin);
		cs_asserted_deinit(&asserted);
		if (r < 0)
			return r;
	}
	return 0;
}

int cs_saved_read(struct cs_result *result, const char *const *files, size_t files_count,
		  char *const *names, int names_count, struct cs_diag *diag)
{
	result->saved = true;
	for (size_t i = 0; i < files_count; i++) {
		cs_cleanup(cs_freep) char *text = NULL;
		ssize_t len = take(files[i], &text);
		int r;

		if (len < 0)
			return cs_diag_set(diag, (int)len, "%s: %s", files[i], strerror((int)-len));
		r = cs_result_json_read(result, files[i], text, (size_t)len, diag);
		if (r < 0)
			return r;
	}
	drop_others(result, names, names_count);
	return add_missing(result, names, names_count);
}
