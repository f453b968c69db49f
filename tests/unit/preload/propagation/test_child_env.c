/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/child_env: which environments are added to, and which are left alone. */
#include "preload/propagation/child_env.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define OURS      "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define INHERITED "TRACEPARENT=00-11111111111111111111111111111111-2222222222222222-00"

static const uint8_t key[CS_SIPHASH_KEY_BYTES] = { 1, 2, 3 };
static struct cs_child_env own;

static void say(const char *state)
{
	strcpy(own.parent, OURS);
	strcpy(own.state, state);
}

/* What becomes of @envp in a process that was given @started, joined by blanks; "-": left alone. */
static const char *becomes(char *const *started, char *const *envp)
{
	struct cs_child_inherited inherited = cs_child_inherit(key, started);
	static char text[2048];
	size_t used = 0;

	if (!cs_child_env_copy(&own, key, &inherited, envp, NULL))
		return "-";
	text[0] = '\0';
	for (char **e = own.entries; *e; e++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
					 *e);
	return text;
}

#define ENV(...) ((char *const *)(const void *)(const char *[]){ __VA_ARGS__, NULL })
#define NONE     ((char *[]){ NULL })

Test(child_env, ours_is_added)
{
	say("");
	cr_expect(eq(int, strcmp(becomes(NONE, ENV("A=1", "B")), "A=1 B " OURS), 0));
	cr_expect(eq(int, strcmp(becomes(NONE, NONE), OURS), 0));
	say("TRACESTATE=a=1");
	cr_expect(
		eq(int, strcmp(becomes(ENV("A=1"), ENV("A=1")), "A=1 " OURS " TRACESTATE=a=1"), 0));
}

Test(child_env, what_the_process_was_given_is_replaced)
{
	say("");
	cr_expect(eq(int, strcmp(becomes(ENV(INHERITED), ENV(INHERITED, "A=1")), "A=1 " OURS), 0));
	cr_expect(eq(int,
		     strcmp(becomes(ENV(INHERITED, "TRACESTATE=x=1"),
				    ENV(INHERITED, "A=1", "TRACESTATE=x=1")),
			    "A=1 " OURS),
		     0),
		  "the state of another trace goes with it");
}

Test(child_env, the_programs_own_word_is_left_alone)
{
	say("");
	cr_expect(eq(int, strcmp(becomes(NONE, ENV(INHERITED)), "-"), 0), "it has set one");
	cr_expect(eq(int, strcmp(becomes(ENV(INHERITED), ENV("A=1")), "-"), 0),
		  "it has taken it out");
	cr_expect(eq(int, strcmp(becomes(ENV(INHERITED), ENV(OURS)), "-"), 0));
	cr_expect(eq(int, strcmp(becomes(NONE, ENV("TRACESTATE=a=1")), "-"), 0));
	cr_expect(eq(int, strcmp(becomes(NONE, ENV("TRACEPARENT=")), "-"), 0), "set to nothing");
	cr_expect(eq(int, strcmp(becomes(ENV(INHERITED), ENV(INHERITED, INHERITED)), "-"), 0),
		  "two");
}

Test(child_env, names_are_exact)
{
	say("");
	cr_expect(eq(int,
		     strcmp(becomes(NONE, ENV("traceparent=x", "TRACEPARENTS=x", "TRACEPAREN")),
			    "traceparent=x TRACEPARENTS=x TRACEPAREN " OURS),
		     0));
}

Test(child_env, there_is_a_limit)
{
	char *many[CS_CHILD_ENV_MAX + 2];

	say("TRACESTATE=a=1");
	for (unsigned i = 0; i <= CS_CHILD_ENV_MAX; i++)
		many[i] = (char *)"A=1";
	many[CS_CHILD_ENV_MAX + 1] = NULL;
	cr_expect(eq(int, strcmp(becomes(NONE, many), "-"), 0));
	many[CS_CHILD_ENV_MAX] = NULL;
	cr_expect(ne(int, strcmp(becomes(NONE, many), "-"), 0));
	cr_expect(eq(ptr, own.entries[CS_CHILD_ENV_MAX + 2], NULL));
}

/* --- what is not there --- */

static uintptr_t gone;

static bool is_readable(const void *at, size_t len)
{
	return (uintptr_t)at / 4096 != gone / 4096;
}

static bool copies(char *const *envp)
{
	struct cs_child_inherited inherited = { 0 };

	say("");
	return cs_child_env_copy(&own, key, &inherited, envp, is_readable);
}

Test(child_env, what_is_not_there_is_not_read)
{
	char *pages =
		mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char **envp = (char **)(void *)(pages + 4096 - 2 * sizeof(char *));
	char *text = pages + 3 * 4096 - 8;

	cr_assert(ne(ptr, pages, MAP_FAILED));
	envp[0] = envp[1] = (char *)"A=1";
	memcpy(text, "TRACEPAR", 8);
	gone = (uintptr_t)pages + 4096;
	cr_assert(eq(int, mprotect(pages + 4096, 4096, PROT_NONE), 0));
	cr_expect(not(copies(envp)), "the pointers");
	gone = (uintptr_t)pages + 3 * 4096;
	cr_assert(eq(int, mprotect(pages + 3 * 4096, 4096, PROT_NONE), 0));
	cr_expect(not(copies(ENV("A=1", text))), "the end of a text");
	cr_expect(not(copies(ENV("A=1", pages + 3 * 4096))), "a text");
	cr_expect(copies(ENV("A=1")));
}

/* getenv() finds the first. */
Test(child_env, of_two_that_were_given_the_first_counts)
{
	say("");
	cr_expect(
		eq(int, strcmp(becomes(ENV(INHERITED, "TRACEPARENT=x"), ENV(INHERITED)), OURS), 0));
	cr_expect(eq(int,
		     strcmp(becomes(ENV("TRACESTATE=a=1", "TRACESTATE=b=2"), ENV("TRACESTATE=a=1")),
			    OURS),
		     0));
}

Test(child_env, values_are_compared_to_their_end)
{
	say("");
	cr_expect(eq(int, strcmp(becomes(ENV(INHERITED "0"), ENV(INHERITED "1")), "-"), 0));
}
