/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A folder's files with any content, as `coldspan init` looks at them: whatever it guesses, the coldspan.yaml
 * that it writes is one that assert takes, with these words to start and this name. The first byte says
 * which file has the rest.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/budget/plan.h"
#include "agent/first_plan.h"
#include "agent/project.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char *const files[] = { "package.json",   "serverless.yml",   "Cargo.toml",
				     "pyproject.toml", "requirements.txt", "handler.py",
				     "function.yaml",  "Procfile",         "go.mod" };

#define FILES_COUNT (sizeof(files) / sizeof(files[0]))

static char folder[] = "/tmp/coldspan-fuzz-project.XXXXXX";

static void remove_folder(void)
{
	rmdir(folder);
}

/* One for the whole run, and empty between two inputs. Return: where we were. */
static int enter_folder(void)
{
	static bool made;
	int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!made) {
		made = mkdtemp(folder);
		atexit(remove_folder);
	}
	CS_FUZZ_CHECK(home >= 0 && made && chdir(folder) == 0);
	return home;
}

static void leave_folder(int home)
{
	CS_FUZZ_CHECK(fchdir(home) == 0);
	close(home);
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CS_FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void check_plan(const struct cs_project *project, const struct cs_buffer *text)
{
	struct cs_plan plan = { 0 };
	struct cs_diag diag = { 0 };
	char word[256];

	CS_FUZZ_CHECK(cs_plan_parse("coldspan.yaml", text->data, text->len, &diag, &plan) == 0);
	CS_FUZZ_CHECK(plan.functions_count == 1);
	CS_FUZZ_CHECK(!strcmp(plan.functions[0].name, project->name));
	for (size_t i = 0; project->command[i]; i++) {
		if (strlen(project->command[i]) * 3 >= sizeof(word))
			continue;
		cs_utf8_repair(word, sizeof(word), project->command[i], strlen(project->command[i]),
			       NULL);
		CS_FUZZ_CHECK(!strcmp(plan.functions[0].argv[i], word));
	}
	CS_FUZZ_CHECK(plan.functions[0].ready ==
		      (project->server ? CS_READY_RESPONSE : CS_READY_EXIT));
	cs_plan_deinit(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_project project;
	struct cs_buffer text = { 0 };
	struct cs_arena arena;
	const char *file;
	int home;

	if (!size)
		return 0;
	home = enter_folder();
	file = files[data[0] % FILES_COUNT];
	write_file(file, data + 1, size - 1);
	cs_arena_init(&arena, 0);
	if (cs_project_look(&arena, &project) == 0) {
		cs_first_plan_write(&project, "/schema.json", &text);
		CS_FUZZ_CHECK(!text.failed);
		check_plan(&project, &text);
	}
	cs_buffer_deinit(&text);
	cs_arena_deinit(&arena);
	unlink(file);
	leave_folder(home);
	return 0;
}
