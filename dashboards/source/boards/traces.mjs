// SPDX-License-Identifier: Apache-2.0
// Single starts, out of a Tempo: which were slow, in which phase, and one of them whole.
// A traces panel cannot draw what a search found, only a trace by its id: so the table's links set it.
import { board, dataSource, number } from "../lib/board.mjs";
import { COLOURS, series, traceTable, traceView } from "../lib/panels.mjs";

const OF = 'resource.faas.name =~ "$function"', SLOW = "duration > $slower_than";
const START = `name = "cold start" && ${OF}`, PHASE = `span.coldspan.phase != nil && ${OF}`;
const COLD = `span.faas.coldstart = true && kind = server && ${OF}`;
const NONE = "no starts in range, or a Tempo that makes no metrics of spans";

const OVERVIEW = [
    series({ title: "Duration of starts by function", unit: "s", w: 12, none: NONE,
                  query: `{ ${START} } | quantile_over_time(duration, 0.5, 0.95) by (resource.faas.name)`,
                  description: "p50 and p95 of the starts whose traces are kept: slow ones are kept before others, " +
                      "so this is longer than what Fleet shows of all." }),
    series({ title: "p95 by phase", unit: "s", w: 12, none: NONE, colours: COLOURS.phases,
                  query: `{ ${PHASE} } | quantile_over_time(duration, 0.95) by (span.coldspan.phase)`,
                  description: "Where the time of these starts went; a phase that grows is the one to look into below." }),
];

// Of __data.fields: the raw id, whatever the cell shows.
const open = { title: "Show below", url: "/d/coldspan-traces?var-traceID=${__value.raw:percentencode}&${function:queryparam}" +
    "&${slower_than:queryparam}&${__url_time_range}&${tempo_datasource:queryparam}" };
const SEARCH = [
    traceTable({ title: "Slow starts", w: 24, link: open, none: "no start was slower than that",
                 query: `{ ${START} && ${SLOW} } | select(resource.faas.name, resource.faas.version, ` +
                     "span.coldspan.init.type, span.coldspan.shared_objects)",
                 description: "Starts that took longer than what is chosen above. An id shows its trace below." }),
    traceView({ title: "One start", w: 24, h: 12, query: "$traceID", none: "click an id in the table above",
                description: "Phases of the start one below the other, and the invocation that waited for it." }),
];

const DETAIL = [
    series({ title: "Starts by class", unit: "cps", stacked: true, w: 24, none: NONE, colours: COLOURS.classes,
                  query: `{ ${START} } | rate() by (span.coldspan.init.type)`,
                  description: "Why instances were started, of those whose traces are kept." }),
    traceTable({ title: "Slow code", link: open, none: "no start spent that long in its own code",
                 query: `{ ${START} } >> { span.coldspan.phase = "code" && ${SLOW} }`,
                 description: "Starts of which the function's own modules and initialisation alone took longer than " +
                     "what is chosen above." }),
    traceTable({ title: "Slow cold invocations", link: open, none: "no cold invocation was slower than that",
                 query: `{ ${COLD} && ${SLOW} } | select(resource.faas.name, span.http.response.status_code)`,
                 description: "First invocations of instances that took longer than what is chosen above, without the start." }),
];

export default () => board({
    uid: "coldspan-traces", title: "coldspan / Traces",
    description: "Single starts: which were slow, in which phase, and one of them whole. Needs Tempo.",
    variables: [dataSource("tempo_datasource", "tempo", "Tempo data source"),
                number("function", "Function (regular expression)", ".+"),
                number("slower_than", "Slower than", "500ms"),
                number("traceID", "Trace", "")],
    annotations: [],
    rows: [{ title: "Overview", open: true, panels: OVERVIEW },
           { title: "Slow starts", open: true, panels: SEARCH },
           { title: "More", panels: DETAIL }],
});
