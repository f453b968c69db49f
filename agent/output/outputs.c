/* SPDX-License-Identifier: Apache-2.0 */

/* Where a result goes; see outputs.h. */
#include "agent/output/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/exit_codes.h"
#include "base/log.h"

#define GITLAB_FILE       "gl-code-quality-report.json" /* as its documentation names it */
#define FORMAT_BYTES      32u
#define SUMMARY_BYTES_MAX (1u << 20) /* what GitHub takes of a step */

void cs_outputs_init(struct cs_outputs *outputs, bool look_for_ci)
{
	const char *github = getenv("GITHUB_ACTIONS"), *gitlab = getenv("GITLAB_CI");

	*outputs = (struct cs_outputs){ .summary_fd = -EBADF, .answers_fd = -EBADF };
	if (look_for_ci && github && !strcmp(github, "true"))
		outputs->ci = CS_CI_GITHUB;
	else if (look_for_ci && gitlab && *gitlab)
		outputs->ci = CS_CI_GITLAB;
}

/* --- -o FORMAT=FILE --- */

static bool has_path(const struct cs_outputs *outputs, const char *path)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (!strcmp(outputs->paths[i], path))
			return true;
	}
	return false;
}

static int check(const struct cs_outputs *outputs, const char *word, const char *path,
		 struct cs_diag *diag)
{
	if (!*path)
		return cs_diag_set(diag, -EINVAL, "-o %s names no file; - is standard output",
				   word);
	if (has_path(outputs, path))
		return cs_diag_set(diag, -EINVAL, "-o %s: %s is written by another -o", word,
				   strcmp(path, "-") ? path : "standard output");
	if (outputs->count == CS_OUTPUTS_MAX)
		return cs_diag_set(diag, -E2BIG, "more than %u outputs", CS_OUTPUTS_MAX);
	return 0;
}

int cs_outputs_add(struct cs_outputs *outputs, const char *word, struct cs_diag *diag)
{
	const char *path = strchr(word, '='), *near;
	size_t len = path ? (size_t)(path - word) : strlen(word);
	const struct cs_format *format;
	char name[FORMAT_BYTES];
	int r;

	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1),
		 word);
	format = cs_format_find(name);
	near = format ? NULL : cs_format_near(name);
	if (!format && !near)
		return cs_diag_set(
			diag, -EINVAL,
			"-o %s: write FORMAT=FILE; formats are github, gitlab, html, json, "
			"junit, markdown, openmetrics and text",
			word);
	if (!format)
		return cs_diag_set(diag, -EINVAL, "-o %s: no such format; did you mean \"%s\"?",
				   word, near);
	if (!path)
		return cs_diag_set(diag, -EINVAL,
				   "-o %s: write -o %s=FILE, or %s=- for standard output", word,
				   word, word);
	path = cs_result_file_descriptor(path + 1) == STDOUT_FILENO ? "-" : path + 1;
	r = check(outputs, word, path, diag);
	if (r < 0)
		return r;
	outputs->paths[outputs->count] = path;
	outputs->at[outputs->count++] = (struct cs_output){ .format = format };
	return 0;
}

bool cs_outputs_own_stdout(const struct cs_outputs *outputs)
{
	return has_path(outputs, "-");
}

static bool has_format(const struct cs_outputs *outputs, const char *name)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (!strcmp(outputs->at[i].format->name, name))
			return true;
	}
	return false;
}

/* --- opening --- */

static int open_one(struct cs_outputs *outputs, size_t which, const char *plan,
		    struct cs_diag *diag)
{
	struct cs_result_file *file = &outputs->at[which].file;
	int r = cs_result_file_open(outputs->paths[which], diag, file);

	if (r < 0)
		return r;
	if (cs_result_file_replaces(file, plan))
		return cs_diag_set(diag, -EINVAL, "-o %s=%s would replace the file of budgets",
				   outputs->at[which].format->name, outputs->paths[which]);
	for (size_t i = 0; i < which; i++) {
		/* One name in two words: each would write over what the other has. */
		if (cs_result_file_same(&outputs->at[i].file, file))
			return cs_diag_set(diag, -EINVAL, "%s and %s are one file",
					   outputs->paths[i], outputs->paths[which]);
	}
	return 0;
}

static int open_appended(const char *variable)
{
	const char *path = getenv(variable);
	int fd;

	if (!path || !*path)
		return -EBADF;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_CREAT, 0666);
	if (fd < 0)
		cs_log(CS_LOG_WARN, "cannot write %s ($%s): %s", path, variable, strerror(errno));
	return fd < 0 ? -errno : fd;
}

/* What nobody asked for is no failure of ours. */
static void open_gitlab(struct cs_outputs *outputs)
{
	struct cs_output output = { .format = cs_format_find("gitlab") };
	struct cs_diag diag = { 0 };

	if (has_format(outputs, "gitlab") || outputs->count == CS_OUTPUTS_MAX)
		return;
	if (cs_result_file_open(GITLAB_FILE, &diag, &output.file) < 0) {
		cs_log(CS_LOG_WARN, "%s", diag.text);
		return;
	}
	outputs->paths[outputs->count] = GITLAB_FILE;
	outputs->at[outputs->count++] = output;
}

int cs_outputs_open(struct cs_outputs *outputs, const char *plan, struct cs_diag *diag)
{
	for (size_t i = 0; i < outputs->count; i++) {
		int r = open_one(outputs, i, plan, diag);

		if (r < 0)
			return r;
	}
	if (outputs->ci == CS_CI_GITHUB) {
		outputs->summary_fd = open_appended("GITHUB_STEP_SUMMARY");
		outputs->answers_fd = open_appended("GITHUB_OUTPUT");
	} else if (outputs->ci == CS_CI_GITLAB) {
		open_gitlab(outputs);
	}
	return 0;
}

/* --- writing --- */

static int write_one(struct cs_output *output, const struct cs_result *result, struct cs_diag *diag)
{
	struct cs_buffer text = { 0 };
	int r = output->format->write(result, &text);

	if (r == 0 && text.len)
		fwrite(text.data, 1, text.len, output->file.out);
	cs_buffer_deinit(&text);
	if (r < 0)
		return cs_diag_set(diag, r, "cannot write %s: %s", output->file.path, strerror(-r));
	return cs_result_file_commit(&output->file, diag);
}

/* All of it, or what was there before. */
static int append_all(int fd, const struct cs_buffer *text)
{
	off_t before = lseek(fd, 0, SEEK_END);
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);
		int error = errno;

		if (n < 0 && error == EINTR)
			continue;
		if (n <= 0) {
			if (before >= 0 && ftruncate(fd, before) < 0)
				error = errno;
			return n < 0 ? -error : -ENOSPC;
		}
		done += (size_t)n;
	}
	return 0;
}

static int append_summary(const struct cs_outputs *outputs, const struct cs_result *result)
{
	struct cs_buffer text = { 0 };
	struct stat st;
	int r;

	if (outputs->summary_fd < 0)
		return 0;
	r = cs_format_markdown(result, &text);
	/* With what other commands of the step have written it would be refused whole. */
	if (r == 0 && fstat(outputs->summary_fd, &st) == 0 &&
	    st.st_size + (off_t)text.len > (off_t)SUMMARY_BYTES_MAX)
		r = -EFBIG;
	if (r == 0)
		r = append_all(outputs->summary_fd, &text);
	cs_buffer_deinit(&text);
	if (r < 0)
		cs_log(CS_LOG_ERROR, "cannot write the step's summary: %s", strerror(-r));
	return r;
}

/* "" there is none, or its name does not fit into a line. */
static const char *page_of(const struct cs_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		if (!strcmp(outputs->at[i].format->name, "html") &&
		    !outputs->paths[i][strcspn(outputs->paths[i], "\r\n")])
			return outputs->paths[i];
	}
	return "";
}

static int append_answers(const struct cs_outputs *outputs, const struct cs_result *result)
{
	struct cs_buffer text = { 0 };
	int r;

	if (outputs->answers_fd < 0)
		return 0;
	cs_buffer_printf(&text, "verdict=%s\nexit_status=%d\nreport=%s\n", cs_result_word(result),
			 cs_result_exit_code(result), page_of(outputs));
	r = text.failed ? -ENOMEM : append_all(outputs->answers_fd, &text);
	cs_buffer_deinit(&text);
	if (r < 0)
		cs_log(CS_LOG_ERROR, "cannot write the step's outputs: %s", strerror(-r));
	return r;
}

/* To where the text for people goes, unless they were asked for elsewhere. */
static int annotate(const struct cs_outputs *outputs, const struct cs_result *result)
{
	FILE *out = cs_outputs_own_stdout(outputs) ? stderr : stdout;
	struct cs_buffer text = { 0 };
	int r;

	if (outputs->ci != CS_CI_GITHUB || has_format(outputs, "github"))
		return 0;
	r = cs_format_github(result, &text);
	if (r == 0 && text.len)
		fwrite(text.data, 1, text.len, out);
	cs_buffer_deinit(&text);
	fflush(out);
	return r;
}

int cs_outputs_write(struct cs_outputs *outputs, const struct cs_result *result)
{
	int failed = annotate(outputs, result), r;

	for (size_t i = 0; i < outputs->count; i++) {
		struct cs_diag diag = { 0 };

		r = write_one(&outputs->at[i], result, &diag);
		if (r < 0)
			cs_log(CS_LOG_ERROR, "%s", diag.text);
		failed = failed ? failed : r;
	}
	r = append_summary(outputs, result);
	failed = failed ? failed : r;
	r = append_answers(outputs, result);
	return failed ? failed : r;
}

void cs_outputs_close(struct cs_outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		cs_result_file_close(&outputs->at[i].file);
	if (outputs->summary_fd >= 0)
		close(outputs->summary_fd);
	if (outputs->answers_fd >= 0)
		close(outputs->answers_fd);
}
