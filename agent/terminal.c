/* SPDX-License-Identifier: Apache-2.0 */

/* Terminal abilities; see terminal.h. */
#include "agent/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN     20
#define COLUMNS_MAX     400

static const char *value_of(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static unsigned width(int fd)
{
	const char *columns = value_of("COLUMNS");
	struct winsize size;
	long n = 0;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	if (!n && columns)
		n = strtol(columns, NULL, 10);
	if (n <= 0)
		n = COLUMNS_DEFAULT;
	n = n < COLUMNS_MIN ? COLUMNS_MIN : n;
	return (unsigned)(n > COLUMNS_MAX ? COLUMNS_MAX : n);
}

static bool colour(int fd, enum cs_colour_when when)
{
	const char *force = value_of("FORCE_COLOR"), *term = value_of("TERM");

	if (!force)
		force = value_of("CLICOLOR_FORCE");
	if (when != CS_COLOUR_AUTO)
		return when == CS_COLOUR_ALWAYS;
	if (value_of("COLDSPAN_NO_COLOR") || value_of("NO_COLOR"))
		return false;
	if (force)
		return strcmp(force, "0") != 0;
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

static bool locale_is_utf8(void)
{
	const char *locale = value_of("LC_ALL");

	if (!locale)
		locale = value_of("LC_CTYPE");
	if (!locale)
		locale = value_of("LANG");
	return locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
}

int cs_look_option(struct cs_look *look, int option, const char *value)
{
	static const char *const words[] = { [CS_COLOUR_AUTO] = "auto",
					     [CS_COLOUR_ALWAYS] = "always",
					     [CS_COLOUR_NEVER] = "never" };

	if (option == CS_LOOK_ASCII) {
		look->ascii = true;
		return 1;
	}
	if (option != CS_LOOK_COLOR)
		return 0;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(value, words[i])) {
			look->colour = (enum cs_colour_when)i;
			return 1;
		}
	}
	cs_log(CS_LOG_ERROR, "--color \"%s\": write auto, always or never", value);
	return -EINVAL;
}

void cs_terminal_init(struct cs_terminal *term, int fd, const struct cs_look *look)
{
	term->columns = width(fd);
	term->colour = colour(fd, look->colour);
	term->utf8 = !look->ascii && locale_is_utf8();
}
