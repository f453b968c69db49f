/* SPDX-License-Identifier: Apache-2.0 */

/* Rules for panels: grafana/dashboard-linter, lint/rule_panel_*.go; then ours. */
#include <stdio.h>
#include <string.h>

#include "agent/dashboards/lint_parts.h"

#define COLUMNS 24

/* As that tool lists them, which has them from grafana's packages/grafana-data/src/valueFormats/categories.ts. */
static const char units[] =
	" none string short percent percentunit humidity dB hex0x hex sci locale pixel"
	" accMS2 accFS2 accG degree radian grad arcmin arcsec areaM2 areaF2 areaMI2 flops"
	" mflops gflops tflops pflops eflops zflops yflops ppm conppb conngm3 conngNm3"
	" conμgm3 conμgNm3 conmgm3 conmgNm3 congm3 congNm3 conmgdL conmmolL currencyUSD"
	" currencyGBP currencyEUR currencyJPY currencyRUB currencyUAH currencyBRL"
	" currencyDKK currencyISK currencyNOK currencySEK currencyCZK currencyCHF"
	" currencyPLN currencyBTC currencymBTC currencyμBTC currencyZAR currencyINR"
	" currencyKRW currencyIDR currencyPHP currencyVND bytes decbytes bits decbits"
	" kbytes deckbytes mbytes decmbytes gbytes decgbytes tbytes dectbytes pbytes"
	" decpbytes pps binBps Bps binbps bps KiBs Kibits KBs Kbits MiBs Mibits MBs Mbits"
	" GiBs Gibits GBs Gbits TiBs Tibits TBs Tbits PiBs Pibits PBs Pbits dateTimeAsIso"
	" dateTimeAsIsoNoDateIfToday dateTimeAsUS dateTimeAsUSNoDateIfToday"
	" dateTimeAsLocal dateTimeAsLocalNoDateIfToday dateTimeAsSystem dateTimeFromNow"
	" watt kwatt megwatt gwatt mwatt Wm2 voltamp kvoltamp voltampreact kvoltampreact"
	" watth watthperkg kwatth kwattm amph kamph mamph joule ev amp kamp mamp volt"
	" kvolt mvolt dBm ohm kohm Mohm farad µfarad nfarad pfarad ffarad henry mhenry"
	" µhenry lumens flowgpm flowcms flowcfs flowcfm litreh flowlpm flowmlpm lux"
	" forceNm forcekNm forceN forcekN Hs KHs MHs GHs THs PHs EHs massmg massg masslb"
	" masskg masst lengthmm lengthin lengthft lengthm lengthkm lengthmi pressurembar"
	" pressurebar pressurekbar pressurepa pressurehpa pressurekpa pressurehg"
	" pressurepsi radbq radci radgy radrad radsv radmsv radusv radrem radexpckg radr"
	" radsvh radmsvh radusvh rotrpm rothz rotrads rotdegs celsius fahrenheit kelvin"
	" hertz ns µs ms s m h d dtdurationms dtdurations dthms dtdhms timeticks clockms"
	" clocks cps ops reqps rps wps iops cpm opm rpm wpm mps mpm velocityms velocitykmh"
	" velocitymph velocityknot mlitre litre m3 Nm3 dm3 gallons bool bool_yes_no"
	" bool_on_off ";

static const json_t *defaults(const json_t *panel)
{
	return json_object_get(json_object_get(panel, "fieldConfig"), "defaults");
}

/* The value of the last override with this id; NULL: there is none. */
static const json_t * override(const json_t *panel, const char *id)
{
	json_t *list = json_object_get(json_object_get(panel, "fieldConfig"), "overrides");
	const json_t *found = NULL;
	json_t *one, *property;
	size_t i, j;

	json_array_foreach(list, i, one)
	{
		json_array_foreach(json_object_get(one, "properties"), j, property)
		{
			if (!strcmp(cs_board_text(property, "id"), id))
				found = json_object_get(property, "value");
		}
	}
	return found;
}

static const char *unit_of(const json_t *panel)
{
	const char *unit = json_string_value(override(panel, "unit"));

	return unit && *unit ? unit : cs_board_text(defaults(panel), "unit");
}

static bool is_known_unit(const char *unit)
{
	return cs_lint_is_one_of(unit, units);
}

static bool asks(const json_t *panel)
{
	return json_array_size(json_object_get(panel, "targets")) > 0;
}

static void check_data_source(struct cs_lint_run *run, const json_t *panel)
{
	const json_t *source = json_object_get(panel, "datasource"), *variable;
	const char *uid =
		json_is_string(source) ? json_string_value(source) : cs_board_text(source, "uid");
	const char *at = uid, *name;
	size_t len;

	if (!cs_lint_is_one_of(cs_board_text(panel, "type"), " singlestat graph table timeseries "))
		return;
	variable = cs_board_next_variable(&at, &name, &len)
			   ? cs_board_variable(run->board, name, len)
			   : NULL;
	if (!variable || *at || strcmp(cs_board_text(variable, "type"), "datasource") != 0)
		cs_lint_say(run, "its data source is \"%s\", which is no variable of the board",
			    uid);
}

void cs_lint_panel_datasource(struct cs_lint_run *run)
{
	cs_lint_panels(run, check_data_source);
}

static void check_title(struct cs_lint_run *run, const json_t *panel)
{
	if (cs_lint_is_one_of(cs_board_text(panel, "type"), CS_LINT_PANELS) &&
	    (!*cs_board_text(panel, "title") || !*cs_board_text(panel, "description")))
		cs_lint_say(run, "it lacks a title or a description");
}

void cs_lint_panel_title(struct cs_lint_run *run)
{
	cs_lint_panels(run, check_title);
}

static void check_units(struct cs_lint_run *run, const json_t *panel)
{
	const char *type = cs_board_text(panel, "type");
	const json_t *reduce = json_object_get(json_object_get(panel, "options"), "reduceOptions");
	const json_t *mappings = override(panel, "mappings");

	if (!cs_lint_is_one_of(type, CS_LINT_PANELS) ||
	    (!strcmp(type, "stat") && *cs_board_text(reduce, "fields")))
		return;
	if (!mappings)
		mappings = json_object_get(defaults(panel), "mappings");
	if ((!mappings || json_is_null(mappings)) && !is_known_unit(unit_of(panel)))
		cs_lint_say(run, "its unit is \"%s\", which Grafana does not know", unit_of(panel));
}

void cs_lint_panel_units(struct cs_lint_run *run)
{
	cs_lint_panels(run, check_units);
}

static void check_targets(struct cs_lint_run *run, const json_t *panel)
{
	if (cs_lint_is_one_of(cs_board_text(panel, "type"), CS_LINT_PANELS) &&
	    !json_is_array(json_object_get(panel, "targets")))
		cs_lint_say(run, "it asks nothing");
}

void cs_lint_panel_no_targets(struct cs_lint_run *run)
{
	cs_lint_panels(run, check_targets);
}

/* --- ours ------------------------------------------------------------------------------------------- */

/* What shows no numbers has no unit. */
static void check_complete(struct cs_lint_run *run, const json_t *panel)
{
	const char *type = cs_board_text(panel, "type");

	if (!*cs_board_text(panel, "title"))
		cs_lint_say(run, "a %s without a title", *type ? type : "panel");
	if (!*cs_board_text(panel, "description"))
		cs_lint_say(run, "it has no description");
	if (!asks(panel) || cs_lint_is_one_of(type, " traces logs nodeGraph flamegraph "))
		return;
	if (!*cs_board_text(defaults(panel), "noValue"))
		cs_lint_say(run, "it has no text for nothing (noValue)");
	if (!is_known_unit(unit_of(panel)))
		cs_lint_say(run, "its unit is \"%s\", which Grafana does not know", unit_of(panel));
}

void cs_lint_panel_complete(struct cs_lint_run *run)
{
	cs_lint_panels(run, check_complete);
}

struct place {
	json_int_t x, y, w, h;
};

static struct place place_of(const json_t *panel)
{
	const json_t *grid = json_object_get(panel, "gridPos");

	return (struct place){ json_integer_value(json_object_get(grid, "x")),
			       json_integer_value(json_object_get(grid, "y")),
			       json_integer_value(json_object_get(grid, "w")),
			       json_integer_value(json_object_get(grid, "h")) };
}

/* Far from where sums overflow. */
static bool is_sane(struct place p)
{
	return p.x >= 0 && p.y >= 0 && p.w > 0 && p.h > 0 && p.x < COLUMNS && p.w <= COLUMNS &&
	       p.x + p.w <= COLUMNS && p.y < 100000 && p.h < 100000;
}

static bool overlap(struct place a, struct place b)
{
	return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* A closed row's panels are among themselves. */
static void check_overlap(struct cs_lint_run *run, const json_t *panels)
{
	for (size_t i = 0; i < json_array_size(panels) && i < CS_BOARD_PANELS_MAX; i++) {
		const json_t *one = json_array_get(panels, i);
		struct place place = place_of(one);

		run->panel = cs_board_text(one, "title");
		if (!is_sane(place)) {
			cs_lint_say(run, "it does not lie within %d columns (gridPos)", COLUMNS);
			continue;
		}
		for (size_t j = 0; j < i; j++) {
			const json_t *other = json_array_get(panels, j);

			if (is_sane(place_of(other)) && overlap(place, place_of(other)))
				cs_lint_say(run, "it lies on \"%s\"",
					    cs_board_text(other, "title"));
		}
		if (!strcmp(cs_board_text(one, "type"), "row") &&
		    panels == json_object_get(run->board->dashboard, "panels"))
			check_overlap(run, json_object_get(one, "panels"));
	}
	run->panel = "";
}

void cs_lint_panel_overlap(struct cs_lint_run *run)
{
	check_overlap(run, json_object_get(run->board->dashboard, "panels"));
}

static void check_id(struct cs_lint_run *run, const json_t *panel, json_t *seen)
{
	json_int_t id = json_integer_value(json_object_get(panel, "id"));
	char key[32];

	run->panel = cs_board_text(panel, "title");
	snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, id);
	if (id <= 0)
		cs_lint_say(run, "it has no id");
	else if (json_object_get(seen, key))
		cs_lint_say(run, "another panel has its id, %s", key);
	run->failed |= json_object_set_new(seen, key, json_true()) < 0;
}

void cs_lint_panel_id(struct cs_lint_run *run)
{
	json_t *panels = json_object_get(run->board->dashboard, "panels"), *row;
	json_t *seen = json_object();
	size_t i;

	for (i = 0; i < run->board->panels_count; i++)
		check_id(run, run->board->panels[i], seen);
	json_array_foreach(panels, i, row)
	{
		if (!strcmp(cs_board_text(row, "type"), "row"))
			check_id(run, row, seen);
	}
	json_decref(seen);
	run->panel = "";
}
