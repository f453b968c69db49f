/* SPDX-License-Identifier: Apache-2.0 */

/* Settings and their origins; see settings.h. */
#include "base/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean_text.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "coldspan_config.h"

struct cs_setting {
	struct cs_setting *next;
	const char *name, *value;
	const char *source; /* NULL: nobody said anything */
	enum cs_setting_origin origin;
	unsigned line;
};

void cs_settings_init(struct cs_settings *settings)
{
	*settings = (struct cs_settings){ 0 };
	cs_arena_init(&settings->arena, 0);
}

static const char *copy(struct cs_settings *settings, const char *text)
{
	const char *own = cs_arena_strndup(&settings->arena, text, strlen(text));

	settings->failed |= !own;
	return own;
}

void cs_settings_add(struct cs_settings *settings, const char *name, const char *value,
		     enum cs_setting_origin origin, const char *source, unsigned line)
{
	struct cs_setting *setting = cs_arena_alloc(&settings->arena, sizeof(*setting));

	settings->failed |= !setting;
	if (settings->failed)
		return;
	setting->name = copy(settings, name);
	setting->value = copy(settings, value);
	setting->source = source ? copy(settings, source) : NULL;
	setting->origin = origin;
	setting->line = line;
	if (settings->last)
		settings->last->next = setting;
	else
		settings->first = setting;
	settings->last = setting;
}

/* --- for people --- */

static void put_origin(const struct cs_setting *setting, struct cs_buffer *out)
{
	cs_put_plain(out, setting->source ? setting->source : "default");
	if (setting->origin == CS_SETTING_FILE)
		cs_buffer_printf(out, ":%u", setting->line);
}

void cs_settings_text(const struct cs_settings *settings, struct cs_buffer *out)
{
	struct cs_buffer origin = { 0 };
	size_t widest = 0;

	out->failed |= settings->failed;
	cs_buffer_append(out, "", 0);
	for (unsigned round = 0; round < 2 && !out->failed; round++) {
		for (const struct cs_setting *s = settings->first; s; s = s->next) {
			cs_buffer_clear(&origin);
			put_origin(s, &origin);
			out->failed |= origin.failed;
			widest = origin.len > widest ? origin.len : widest;
			if (!round || out->failed)
				continue;
			cs_buffer_printf(out, "%-*s  ", (int)widest, origin.data);
			cs_put_plain(out, s->name);
			cs_buffer_puts(out, " = ");
			cs_put_plain(out, s->value);
			cs_buffer_putc(out, '\n');
		}
	}
	cs_buffer_deinit(&origin);
}

/* --- the document --- */

static void put_member(struct cs_buffer *out, const char *name, const char *value)
{
	size_t len = strlen(value), room = 3 * len + 1;
	cs_cleanup(cs_freep) char *repaired = malloc(room);

	out->failed |= !repaired;
	if (!repaired)
		return;
	len = cs_utf8_repair(repaired, room, value, len, NULL);
	cs_buffer_printf(out, ",\n      \"%s\": ", name);
	cs_json_put_text(out, repaired, len);
}

static void put_setting(struct cs_buffer *out, const struct cs_setting *setting)
{
	static const char *const origins[] = { [CS_SETTING_DEFAULT] = "default",
					       [CS_SETTING_OPTION] = "option",
					       [CS_SETTING_VARIABLE] = "variable",
					       [CS_SETTING_FILE] = "file" };

	cs_buffer_printf(out, "    {\n      \"origin\": \"%s\"", origins[setting->origin]);
	if (setting->source)
		put_member(out, origins[setting->origin], setting->source);
	if (setting->origin == CS_SETTING_FILE)
		cs_buffer_printf(out, ",\n      \"line\": %u", setting->line);
	put_member(out, "name", setting->name);
	put_member(out, "value", setting->value);
	cs_buffer_puts(out, "\n    }");
}

void cs_settings_json(const struct cs_settings *settings, struct cs_buffer *out)
{
	out->failed |= settings->failed;
	cs_buffer_puts(out, "{\n  \"schema\": \"coldspan.settings/v1\",\n"
			    "  \"coldspan_version\": \"" CS_VERSION "\",\n  \"settings\": [\n");
	for (const struct cs_setting *s = settings->first; s && !out->failed; s = s->next) {
		put_setting(out, s);
		cs_buffer_puts(out, s->next ? ",\n" : "\n");
	}
	cs_buffer_puts(out, "  ]\n}\n");
}

void cs_settings_deinit(struct cs_settings *settings)
{
	cs_arena_deinit(&settings->arena);
	cs_settings_init(settings);
}
