/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a program holds to, and where each part of it comes from: as people read it (--show-origin), and as
 * the document coldspan.settings/v1. Whoever adds one leaves out what may be a secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"

enum cs_setting_origin {
	CS_SETTING_DEFAULT,
	CS_SETTING_OPTION,
	CS_SETTING_VARIABLE,
	CS_SETTING_FILE,
};

struct cs_setting;

/* An addition that fails is kept in mind: printing fails then. One owner. */
struct cs_settings {
	struct cs_arena arena;
	struct cs_setting *first, *last; /* the arena's */
	bool failed;
};

/** cs_settings_init() - none yet */
void cs_settings_init(struct cs_settings *settings);

/**
 * cs_settings_add() - one more, behind those that are there; strings are copied
 * @source: the option, the variable, or the file; NULL by default
 * @line:   of the file; else 0
 */
void cs_settings_add(struct cs_settings *settings, const char *name, const char *value,
		     enum cs_setting_origin origin, const char *source, unsigned line);

/** cs_settings_text() - a line each: where it comes from, and NAME = VALUE; cleaned */
void cs_settings_text(const struct cs_settings *settings, struct cs_buffer *out);

/** cs_settings_json() - docs/schema/coldspan.settings.v1.json, with a newline at its end */
void cs_settings_json(const struct cs_settings *settings, struct cs_buffer *out);

/** cs_settings_deinit() - free all of them */
void cs_settings_deinit(struct cs_settings *settings);
