/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lambda_child: what a bootstrap's children write, and whose it is for certain. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "tests/support/assembling.h"

#define ID_HEADER "lambda-runtime-aws-request-id: "
#define SHELL     100
#define CHILD     110
#define EVENT_NS  (70 * MS)

static struct cs_assembled *shell;
static struct cs_span_id line_span;
static unsigned lines, lines_with_ids;

static void on_log(void *context, const struct cs_log_entry *entry)
{
	lines++;
	lines_with_ids += entry->context != NULL;
	if (entry->context)
		line_span = entry->context->span_id;
}

/* A process of the function's environment, whose parent has not told of it. */
static struct cs_assembled *announce(int32_t pid, int32_t ppid, uint64_t spawn_ns)
{
	struct cs_header header = header_of(pid, "command");

	put_identity(&header, "env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	put_identity(&header, "env.AWS_LAMBDA_FUNCTION_NAME=function");
	header.ppid = ppid;
	header.attach_monotonic_ns = spawn_ns + MS;
	return cs_assembler_attach(assembler, (uint64_t)pid, &header, pid);
}

/* One whose parent has a segment, or @ppid is a fork child in it. */
static struct cs_assembled *attach(int32_t pid, int32_t ppid, struct cs_assembled *parent,
				   uint64_t spawn_ns)
{
	if (parent)
		feed_spawn(parent, pid, spawn_ns);
	return announce(pid, ppid, spawn_ns);
}

/* @command gets event @id. */
static void hear(struct cs_assembled *command, const char *id, uint64_t time_ns)
{
	struct cs_rec_invocation rec = { .asked_ns = time_ns - 5 * MS,
					 .source = CS_INVOCATION_LAMBDA,
					 .id_offset = sizeof(ID_HEADER) - 1,
					 .id_len = (uint16_t)strlen(id) };
	int32_t pid = command->identity.pid;
	char text[128];

	rec.text_len = (uint16_t)snprintf(text, sizeof(text), ID_HEADER "%s\n", id);
	feed(command, (uint32_t)pid, CS_RECORD_INVOCATION, time_ns, &rec, sizeof(rec), text);
}

/* A command of @parent asks for event @id, which came at @time_ns. */
static void ask(struct cs_assembled *parent, int32_t pid, const char *id, uint64_t time_ns)
{
	struct cs_assembled *command = attach(pid, parent->identity.pid, parent, time_ns - 10 * MS);

	hear(command, id, time_ns);
	end_process(command, pid, 0, time_ns + MS);
}

static void answer_with(struct cs_assembled *command, const char *id, uint64_t time_ns)
{
	struct cs_rec_invocation_end rec = { .first_ns = time_ns - MS,
					     .source = CS_INVOCATION_LAMBDA,
					     .outcome = CS_INVOCATION_RESPONSE,
					     .id_len = (uint16_t)strlen(id),
					     .headers_offset = (uint16_t)strlen(id),
					     .text_len = (uint16_t)strlen(id) };

	feed(command, (uint32_t)command->identity.pid, CS_RECORD_INVOCATION_END, time_ns, &rec,
	     sizeof(rec), id);
}

/* A command that the shell starts 5 ms before. */
static void answer(int32_t pid, const char *id, uint64_t time_ns)
{
	struct cs_assembled *command = attach(pid, SHELL, shell, time_ns - 5 * MS);

	answer_with(command, id, time_ns);
	end_process(command, pid, 0, time_ns + MS);
}

static void say(struct cs_assembled *child, uint64_t time_ns)
{
	feed_log(child, (uint32_t)child->identity.pid, CS_LOG_STDERR, time_ns, "a line\n");
}

static void begin(void)
{
	assembling_start();
	assembler->sink.log = on_log;
	shell = attach(SHELL, 1, NULL, 40 * MS);
}

static void start(void)
{
	begin();
	ask(shell, 101, "r-1", EVENT_NS);
}

TestSuite(lambda_child, .init = start, .fini = assembling_stop);

static void check(unsigned with_ids)
{
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, lines, 1));
	cr_assert(eq(uint, lines_with_ids, with_ids));
	if (with_ids)
		cr_assert(eq(
			int,
			memcmp(&line_span, &seen.invocation[0].context.span_id, sizeof(line_span)),
			0));
}

/* It lives from @spawn_ns for 10 ms; the event is answered at 100 ms. */
static void live(struct cs_assembled *child, uint64_t spawn_ns)
{
	say(child, spawn_ns + 5 * MS);
	end_process(child, child->identity.pid, 0, spawn_ns + 10 * MS);
}

Test(lambda_child, what_it_wrote_is_of_the_event_that_the_shell_holds)
{
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	answer(102, "r-1", 100 * MS);
	check(1);
}

Test(lambda_child, of_a_command_of_a_command_too)
{
	struct cs_assembled *child = attach(CHILD, SHELL, shell, 75 * MS);

	live(attach(CHILD + 1, CHILD, child, 76 * MS), 76 * MS);
	answer(102, "r-1", 100 * MS);
	check(1);
}

/* $(... | command) */
static void by_subshell(uint64_t forked_ns, unsigned with_ids)
{
	struct cs_rec_process rec = { .ppid = SHELL, .spawn_begin_ns = forked_ns };

	feed(shell, 105, CS_RECORD_PROCESS, forked_ns + MS, &rec, sizeof(rec), NULL);
	live(attach(CHILD, 105, shell, 78 * MS), 78 * MS);
	answer(102, "r-1", 100 * MS);
	check(with_ids);
}

Test(lambda_child, of_a_subshell_that_was_forked_for_the_event)
{
	by_subshell(75 * MS, 1);
}

Test(lambda_child, not_of_a_subshell_that_was_there_before)
{
	by_subshell(65 * MS, 0);
}

Test(lambda_child, not_of_a_child_that_was_there_before)
{
	live(attach(CHILD, SHELL, shell, 65 * MS), 65 * MS);
	answer(102, "r-1", 100 * MS);
	check(0);
}

Test(lambda_child, of_one_that_outlives_the_answer)
{
	struct cs_assembled *child = attach(CHILD, SHELL, shell, 75 * MS);

	say(child, 80 * MS);
	answer(102, "r-1", 100 * MS);
	end_process(child, CHILD, 0, 110 * MS);
	check(1);
}

Test(lambda_child, not_what_it_writes_behind_the_answer)
{
	struct cs_assembled *child = attach(CHILD, SHELL, shell, 75 * MS);

	answer(102, "r-1", 100 * MS);
	say(child, 101 * MS);
	end_process(child, CHILD, 0, 110 * MS);
	check(0);
}

/* A line that is read while the answer is not, and is over by the next look. */
Test(lambda_child, not_what_it_writes_behind_the_answer_that_is_read_later)
{
	live(attach(CHILD, SHELL, shell, 96 * MS), 96 * MS);
	cs_assembler_tick(assembler, 110 * MS);
	answer(102, "r-1", 100 * MS);
	check(0);
}

Test(lambda_child, not_what_it_writes_in_the_next_event)
{
	struct cs_assembled *child = attach(CHILD, SHELL, shell, 75 * MS);

	answer(102, "r-1", 100 * MS);
	ask(shell, 103, "r-2", 120 * MS);
	say(child, 130 * MS);
	cs_assembler_tick(assembler, 135 * MS);
	answer(104, "r-2", 140 * MS);
	end_process(child, CHILD, 0, 150 * MS);
	check(0);
}

/* Of each event its own, though the first is told of while the second goes on. */
Test(lambda_child, not_of_the_second_of_two_events_when_the_first_is_gone)
{
	ask(shell, 103, "r-2", 72 * MS);
	answer(102, "r-1", 100 * MS);
	cs_assembler_tick(assembler, 100 * MS + CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(uint, seen.invocations, 1));
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	answer(104, "r-2", 110 * MS);
	check(0);
}

Test(lambda_child, of_an_event_that_goes_on_long_after_it)
{
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	for (unsigned i = 1; i < 4; i++)
		cs_assembler_tick(assembler, 85 * MS + i * CS_ASSEMBLER_HOLD_NS);
	cr_assert(eq(uint, lines, 0));
	answer(102, "r-1", 2000 * MS);
	check(1);
}

Test(lambda_child, what_is_answered_does_not_end_with_its_shell)
{
	ask(shell, 103, "r-2", 72 * MS);
	answer(104, "r-2", 90 * MS);
	end_process(shell, SHELL, SIGKILL, 95 * MS);
	cs_assembler_tick(assembler, 100 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 2));
	cr_assert(eq(u64, seen.invocation[0].end_ns, 90 * MS));
	cr_assert(eq(int, seen.invocation[0].outcome.cause, CS_CAUSE_NONE));
	cr_assert(eq(int, seen.invocation[1].outcome.cause, CS_CAUSE_SIGNAL));
}

/* That it is over who asked for the second is read before the child's line, or behind it. */
static void by_subshell_with_another(bool over_before)
{
	struct cs_rec_process rec = { .ppid = SHELL, .spawn_begin_ns = 71 * MS };
	struct cs_assembled *asker;

	feed(shell, 105, CS_RECORD_PROCESS, 72 * MS, &rec, sizeof(rec), NULL);
	asker = attach(103, 105, shell, 73 * MS);
	hear(asker, "r-2", 75 * MS);
	if (over_before)
		end_process(asker, 103, 0, 76 * MS);
	live(attach(CHILD, 105, shell, 78 * MS), 78 * MS);
	cs_assembler_tick(assembler, 90 * MS);
	if (!over_before)
		end_process(asker, 103, 0, 76 * MS);
	answer(104, "r-2", 99 * MS);
	answer(102, "r-1", 100 * MS);
	check(0);
}

Test(lambda_child, not_where_its_subshell_holds_another)
{
	by_subshell_with_another(true);
}

Test(lambda_child, not_where_its_subshell_may_hold_another)
{
	by_subshell_with_another(false);
}

/* A runtime that a shell started beside what it goes on with. */
Test(lambda_child, not_where_who_asked_lives_and_answers)
{
	struct cs_assembled *runtime;

	assembling_stop();
	begin();
	runtime = attach(103, SHELL, shell, 60 * MS);
	runtime->marks[CS_MARK_NEXT] = 65 * MS;
	hear(runtime, "r-2", EVENT_NS);
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	cs_assembler_tick(assembler, 90 * MS);
	answer_with(runtime, "r-2", 100 * MS);
	check(0);
	cr_assert(eq(uint, seen.invocations, 1));
	cr_assert(eq(int, seen.invocation[0].outcome.cause, CS_CAUSE_NONE));
}

/* The shell only started it: that is one start. */
static void below_shell(int status)
{
	struct cs_assembled *runtime;

	assembling_stop();
	begin();
	runtime = attach(103, SHELL, shell, 60 * MS);
	runtime->marks[CS_MARK_NEXT] = 65 * MS;
	hear(runtime, "r-2", EVENT_NS);
	if (!status)
		answer_with(runtime, "r-2", 100 * MS);
	end_process(runtime, 103, status, 110 * MS);
	end_process(shell, SHELL, status, 120 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, seen.invocations, 1));
	cr_assert(eq(uint, seen.cold_starts, 1));
	cr_assert(eq(int, seen.pid, 103));
	cr_assert(eq(str, seen.programs, (char *)"function"));
}

Test(lambda_child, a_runtime_below_a_shell_is_the_function)
{
	below_shell(0);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 100 * MS));
}

Test(lambda_child, a_runtime_below_a_shell_that_dies_ends_its_event)
{
	below_shell(SIGKILL);
	cr_assert(eq(u64, seen.invocation[0].end_ns, 110 * MS));
	cr_assert(eq(int, seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
}

/* A header says what its process likes. */
Test(lambda_child, what_another_user_tells_of_the_same_shell_takes_nothing_away)
{
	struct cs_assembled *forger = announce(300, SHELL, 60 * MS);

	forger->identity.uid++;
	hear(forger, "r-3", 72 * MS);
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	answer(102, "r-1", 100 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(uint, lines_with_ids, 1));
}

Test(lambda_child, not_what_it_forked)
{
	struct cs_assembled *child = attach(CHILD, SHELL, shell, 75 * MS);

	feed_log(child, CHILD + 1, CS_LOG_STDERR, 80 * MS, "a line\n");
	end_process(child, CHILD, 0, 85 * MS);
	answer(102, "r-1", 100 * MS);
	check(0);
}

/* --- rings are read in any order --- */

enum step {
	ASKED,
	SPAWNED,
	SAID,
	ENDED,
	ANSWERED,
	STEPS,
};

static void take(enum step step, struct cs_assembled *child)
{
	switch (step) {
	case ASKED:
		ask(shell, 101, "r-1", EVENT_NS);
		break;
	case SPAWNED:
		feed_spawn(shell, CHILD, 75 * MS);
		break;
	case SAID:
		say(child, 80 * MS);
		break;
	case ENDED:
		end_process(child, CHILD, 0, 85 * MS);
		break;
	case ANSWERED:
		answer(102, "r-1", 100 * MS);
		break;
	case STEPS:
		break;
	}
	cs_assembler_tick(assembler, 105 * MS);
}

static void check_order(const enum step steps[STEPS])
{
	struct cs_assembled *child;

	assembling_stop();
	lines = lines_with_ids = 0;
	seen.invocations = 0;
	begin();
	child = announce(CHILD, SHELL, 75 * MS);
	for (unsigned i = 0; i < STEPS; i++)
		take(steps[i], child);
	check(1);
}

/* Its own ring is read up to its end; that it was asked for, before it was answered. */
static bool may_come(enum step step, const bool done[STEPS])
{
	return !done[step] && (step != ENDED || done[SAID]) && (step != ANSWERED || done[ASKED]);
}

static unsigned check_orders(enum step steps[STEPS], bool done[STEPS], unsigned n)
{
	unsigned orders = 0;

	if (n == STEPS) {
		check_order(steps);
		return 1;
	}
	for (enum step step = 0; step < STEPS; step++) {
		if (!may_come(step, done))
			continue;
		done[step] = true;
		steps[n] = step;
		orders += check_orders(steps, done, n + 1);
		done[step] = false;
	}
	return orders;
}

Test(lambda_child, in_whatever_order_the_rings_are_read)
{
	enum step steps[STEPS];
	bool done[STEPS] = { false };

	cr_assert(eq(uint, check_orders(steps, done, 0), 30));
}

Test(lambda_child, not_of_a_child_of_somebody_else)
{
	struct cs_assembled *other = attach(200, 1, NULL, 45 * MS);

	live(attach(CHILD, 200, other, 75 * MS), 75 * MS);
	answer(102, "r-1", 100 * MS);
	check(0);
}

Test(lambda_child, not_where_the_shell_holds_two_events)
{
	ask(shell, 103, "r-2", 72 * MS);
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	answer(102, "r-1", 100 * MS);
	answer(104, "r-2", 101 * MS);
	check(0);
}

Test(lambda_child, not_where_a_second_event_is_read_of_later)
{
	live(attach(CHILD, SHELL, shell, 75 * MS), 75 * MS);
	ask(shell, 103, "r-2", 72 * MS);
	answer(102, "r-1", 100 * MS);
	answer(104, "r-2", 101 * MS);
	check(0);
}
