/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the folder that we are in is a project of, by its files, and what would start its function. A guess
 * for people to correct: foreign files are read in their first 64 KiB, and what is not understood is
 * passed over.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define CS_PROJECT_WORDS_MAX 8
#define CS_PROJECT_NAME_MAX  63

struct cs_project {
	const char *found; /* the file that told it; NULL: none did */
	const char *name;  /* of the function, as coldspan.yaml wants names */
	const char *command[CS_PROJECT_WORDS_MAX + 1]; /* NULL-terminated; of a folder nothing */
	const char *folder;  /* that coldspan-faas serves as its function.yaml says; NULL: none */
	bool present;        /* what the command starts is there */
	bool server;         /* it listens on PORT */
	bool framework;      /* the command is a framework's, which starts slowly */
	const char *handler; /* that the framework calls, as Lambda names it; NULL: not known */
	const char *runtime; /* of Lambda; NULL: not known */
};

/**
 * cs_project_look() - at the files of the working directory
 * @arena: owns all that @ret points to
 *
 * Context: startup.
 * Return:  0; -ENOMEM.
 */
int cs_project_look(struct cs_arena *arena, struct cs_project *ret) cs_must_use;
