/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/file, on real files, pipes and a full device. */
#include "exporters/file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/logs.h"
#include "tests/support/metrics.h"
#include "tests/support/settling.h"
#include "tests/support/spans.h"

static char folder[64];
static char path[96];
static struct cs_arena arena;
static struct event_base *base;

static void set_up(void)
{
	base = event_base_new();
	strcpy(folder, "/tmp/coldspan-test-XXXXXX");
	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/out.jsonl", folder);
}

static void tear_down(void)
{
	event_base_free(base);
	cs_arena_deinit(&arena);
	unlink(path);
	rmdir(folder);
}

TestSuite(file_exporter, .init = set_up, .fini = tear_down);

static struct cs_exporter *open_exporter(void)
{
	struct cs_exporter *exporter = NULL;
	struct cs_diag diag = { 0 };

	cr_assert(eq(int, cs_file_exporter_new(base, path, &exporter, &diag), 0), "%s", diag.text);
	return exporter;
}

static char *content(size_t *ret_len)
{
	static char data[1 << 20];
	FILE *file = fopen(path, "r");
	size_t len = fread(data, 1, sizeof(data) - 1, file);

	fclose(file);
	data[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return data;
}

static size_t lines_of(const char *data)
{
	size_t lines = 0;

	for (; *data; data++)
		lines += *data == '\n';
	return lines;
}

Test(file_exporter, each_batch_is_one_line_behind_what_was_there)
{
	struct cs_exporter *exporter = open_exporter();
	const char *data;
	size_t len;

	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 4)));
	cs_exporter_free(exporter);
	exporter = open_exporter();
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cr_assert(eq(u64, checked_stats(exporter).sent, 2));
	cr_assert(eq(u64, checked_stats(exporter).requests, 1));
	cr_assert(cs_exporter_idle(exporter));
	cs_exporter_free(exporter);
	data = content(&len);
	cr_assert(eq(sz, lines_of(data), 2));
	cr_assert(eq(int, strncmp(data, "{\"resourceSpans\":[", 18), 0));
	cr_assert(eq(chr, data[len - 1], '\n'));
}

Test(file_exporter, a_file_that_was_moved_away_is_made_anew)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_diag diag = { 0 };
	char moved[112];
	size_t len;

	snprintf(moved, sizeof(moved), "%s.1", path);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	content(&len);
	cr_assert(eq(int, rename(path, moved), 0));
	cs_exporter_submit(exporter,
			   cs_batch_of_spans(sample_batch(&arena, 2))); /* still to the old one */
	cr_assert(eq(int, cs_exporter_reopen(exporter, &diag), 1), "%s", diag.text);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 3)));
	cr_assert(eq(u64, checked_stats(exporter).sent, 7));
	cs_exporter_free(exporter);
	cr_assert(eq(sz, lines_of(content(NULL)), 1));
	cr_assert(eq(int, rename(moved, path), 0));
	cr_assert(eq(sz, lines_of(content(NULL)), 2));
}

Test(file_exporter, the_old_file_goes_on_if_there_can_be_no_new_one)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_diag diag = { 0 };
	char moved[128];

	snprintf(moved, sizeof(moved), "%s.moved", folder);
	cr_assert(eq(int, rename(folder, moved), 0));
	cr_assert(eq(int, cs_exporter_reopen(exporter, &diag), -ENOENT));
	cr_assert(strstr(diag.text, path) != NULL);
	cr_assert(eq(int, rename(moved, folder), 0));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cr_assert(eq(u64, checked_stats(exporter).sent, 2));
	cs_exporter_free(exporter);
	cr_assert(eq(sz, lines_of(content(NULL)), 1));
}

Test(file_exporter, a_new_file_is_for_its_owner_alone)
{
	struct stat st;

	umask(0);
	cs_exporter_free(open_exporter());
	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(int, (int)(st.st_mode & 0777), 0600));
}

Test(file_exporter, the_descriptor_is_not_inherited)
{
	struct cs_exporter *exporter = open_exporter();
	bool seen = false;

	for (int fd = 3; fd < 64; fd++) {
		char link[64], target[128];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strcmp(target, path) != 0)
			continue;
		seen = true;
		cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	cr_assert(seen);
	cs_exporter_free(exporter);
}

Test(file_exporter, an_empty_batch_writes_nothing)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_span_batch none = { 0 };
	size_t len;

	cs_exporter_submit(exporter, cs_batch_of_spans(&none));
	cr_assert(eq(u64, checked_stats(exporter).requests, 0));
	cs_exporter_free(exporter);
	content(&len);
	cr_assert(eq(sz, len, 0));
}

Test(file_exporter, a_line_that_somebody_left_unfinished_is_ended_first)
{
	FILE *file = fopen(path, "w");
	struct cs_exporter *exporter;

	fputs("{\"half\":", file);
	fclose(file);
	exporter = open_exporter();
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cs_exporter_free(exporter);
	cr_assert(eq(sz, lines_of(content(NULL)), 3));
	cr_assert(eq(int, strncmp(content(NULL), "{\"half\":\n{\"resourceSpans\"", 25), 0));
}

struct reports {
	unsigned failures, recoveries;
};

static void report(void *user, const struct cs_exporter *exporter, bool failing, const char *text)
{
	struct reports *r = user;

	cr_assert(ne(str, (char *)text, (char *)""));
	if (failing)
		r->failures++;
	else
		r->recoveries++;
}

static void leave(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(base);
}

/* Until behind the first retry: its timer was started before this one. */
static void run_for_a_retry(void)
{
	const struct timeval wait = { .tv_sec = CS_FILE_RETRY_MS / 1000, .tv_usec = 100000 };

	event_base_once(base, -1, EV_TIMEOUT, leave, NULL, &wait);
	event_base_dispatch(base);
}

/* A file size limit makes the kernel write what still fits, as a full disk does. */
static void limit_file_to(rlim_t bytes)
{
	struct rlimit limit;

	cr_assert(eq(int, getrlimit(RLIMIT_FSIZE, &limit), 0));
	limit.rlim_cur = bytes;
	cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
}

Test(file_exporter, what_does_not_fit_waits_in_order_until_there_is_room_and_is_said_once)
{
	struct cs_exporter *exporter = open_exporter();
	struct reports reports = { 0 };
	const char *data, *second, *third;
	size_t before, len;

	signal(SIGXFSZ, SIG_IGN);
	cs_exporter_set_report(exporter, report, &reports);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	content(&before);
	limit_file_to(before + 100);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 3)));
	run_for_a_retry();
	cr_assert(eq(u64, checked_stats(exporter).queued, 5));
	cr_assert(eq(u64, checked_stats(exporter).retries, 1));
	cr_assert(eq(u32, reports.failures, 1));
	content(&len);
	cr_assert(eq(sz, len, before), "a piece of a line stands in the file");
	limit_file_to(RLIM_INFINITY);
	cr_assert(eq(u64, settled_stats(base, exporter).sent, 7));
	cr_assert(eq(u32, reports.recoveries, 1));
	cs_exporter_free(exporter);
	data = content(&len);
	cr_assert(eq(sz, lines_of(data), 3));
	cr_assert(eq(ptr, strstr(data, "}\n\n"), NULL));
	cr_assert(eq(chr, data[len - 1], '\n'));
	second = strchr(data, '\n') + 1;
	third = strchr(second, '\n') + 1;
	cr_assert(third - second < data + len - third, "two spans come before three");
}

Test(file_exporter, beyond_its_limit_nothing_more_waits)
{
	struct cs_exporter *exporter = open_exporter();
	struct cs_exporter_stats s;

	signal(SIGXFSZ, SIG_IGN);
	limit_file_to(0);
	do {
		cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 1000)));
		cs_arena_reset(&arena);
		s = checked_stats(exporter);
		cr_assert(s.accepted < 100000);
	} while (!s.dropped[CS_DROP_QUEUE_FULL]);
	cr_assert(eq(u64, s.dropped[CS_DROP_QUEUE_FULL], 1000));
	cs_exporter_abandon(exporter);
	cr_assert(cs_exporter_idle(exporter));
	s = checked_stats(exporter);
	cr_assert(eq(u64, s.dropped[CS_DROP_SHUTDOWN], s.accepted - 1000));
	cs_exporter_free(exporter);
}

Test(file_exporter, a_new_file_takes_what_the_full_one_did_not)
{
	struct cs_exporter *exporter = open_exporter();
	char moved[112];
	size_t len;

	snprintf(moved, sizeof(moved), "%s.1", path);
	signal(SIGXFSZ, SIG_IGN);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	content(&len);
	limit_file_to(len + len / 2);
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cr_assert(eq(u64, checked_stats(exporter).queued, 2));
	cr_assert(eq(int, rename(path, moved), 0));
	cr_assert(eq(int, cs_exporter_reopen(exporter, NULL), 1));
	cr_assert(eq(u64, settled_stats(base, exporter).sent, 4));
	cs_exporter_free(exporter);
	cr_assert(eq(sz, lines_of(content(NULL)), 1));
	unlink(moved);
}

Test(file_exporter, a_full_device_drops_and_counts)
{
	struct cs_exporter *exporter = NULL;

	cr_assert(eq(int, cs_file_exporter_new(base, "/dev/full", &exporter, NULL), 0));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 3)));
	cr_assert(eq(u64, checked_stats(exporter).dropped[CS_DROP_IO], 3));
	cs_exporter_free(exporter);
}

Test(file_exporter, a_reader_that_does_not_read_costs_a_bounded_wait_and_no_half_line)
{
	struct cs_exporter *exporter = NULL;
	cs_cleanup(cs_closep) int reader = -EBADF;
	static char data[1 << 21];
	size_t len = 0;
	ssize_t n;

	cr_assert(eq(int, mkfifo(path, 0600), 0));
	cr_assert(eq(int, cs_file_exporter_new(base, path, &exporter, NULL), -ENXIO));
	reader = open(path, O_RDONLY | O_NONBLOCK);
	cr_assert(eq(int, cs_file_exporter_new(base, path, &exporter, NULL), 0));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(
					     &arena, 1000))); /* more than a pipe holds */
	cr_assert(eq(u64, checked_stats(exporter).dropped[CS_DROP_IO], 1000));
	while ((n = read(reader, data, sizeof(data))) > 0)
		;
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cr_assert(eq(u64, checked_stats(exporter).sent, 2));
	while ((n = read(reader, data + len, sizeof(data) - len)) > 0)
		len += (size_t)n;
	cr_assert(eq(int, strncmp(data, "\n{\"resourceSpans\"", 17), 0));
	cr_assert(eq(chr, data[len - 1], '\n'));
	cs_exporter_free(exporter);
}

Test(file_exporter, what_cannot_be_opened_is_said_in_one_line)
{
	struct cs_exporter *exporter = NULL;
	struct cs_diag diag = { 0 };

	cr_assert(
		eq(int, cs_file_exporter_new(base, "/nowhere/x.jsonl", &exporter, &diag), -ENOENT));
	cr_assert(eq(str, diag.text,
		     (char *)"cannot open /nowhere/x.jsonl for writing: No such file or directory "
			     "(its folder is missing; make it first)"));
	diag = (struct cs_diag){ 0 };
	cr_assert(eq(int, cs_file_exporter_new(base, folder, &exporter, &diag), -EISDIR));
	cr_assert(eq(ptr, exporter, NULL));
}

Test(file_exporter, log_records_have_lines_and_counters_of_their_own)
{
	struct cs_exporter *exporter = open_exporter();
	const char *data;

	cs_exporter_submit(exporter, cs_batch_of_logs(sample_logs(&arena, 3)));
	cs_exporter_submit(exporter, cs_batch_of_spans(sample_batch(&arena, 2)));
	cr_assert(eq(u64, checked_stats_of(exporter, CS_SIGNAL_LOGS).sent, 3));
	cr_assert(eq(u64, checked_stats(exporter).sent, 2));
	data = content(NULL);
	cr_assert(eq(sz, lines_of(data), 2));
	cr_assert(eq(int, strncmp(data, "{\"resourceLogs\":[", 17), 0));
	cr_assert(strstr(data, "\n{\"resourceSpans\":[") != NULL);
	cs_exporter_free(exporter);
}

Test(file_exporter, data_points_have_lines_and_counters_of_their_own)
{
	struct cs_exporter *exporter = open_exporter();
	const char *data;

	cs_exporter_submit(exporter,
			   cs_batch_of_metrics(sample_metrics(&arena, 1700000000000000000u)));
	cr_assert(eq(u64, checked_stats_of(exporter, CS_SIGNAL_METRICS).sent, 9));
	data = content(NULL);
	cr_assert(eq(sz, lines_of(data), 1));
	cr_assert(eq(int, strncmp(data, "{\"resourceMetrics\":[", 20), 0));
	cs_exporter_free(exporter);
}
