// SPDX-License-Identifier: Apache-2.0
// What Grafana's own program sets up before its libraries draw: registries, services, themes, texts.
import { createTheme, EventBusSrv, fieldReducers, identityOverrideProcessor, numberOverrideProcessor,
         standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry,
         thresholdsOverrideProcessor, unitOverrideProcessor, valueMappingsOverrideProcessor,
         displayNameOverrideProcessor, booleanOverrideProcessor } from "@grafana/data";
import { config, setAppEvents, setDataSourceSrv, setPluginImportUtils, setRunRequest,
         setTemplateSrv } from "@grafana/runtime";
import { initPluginTranslations } from "@grafana/i18n";
import { catchError, from, of } from "rxjs";
import { map } from "rxjs/operators";

const none = () => null;

const property = (id, process, defaultValue) =>
    ({ id, path: id, name: id, category: ["Standard options"], editor: none, override: none, process,
       shouldApply: () => true, settings: {}, defaultValue });

const STANDARD = () => [
    property("unit", unitOverrideProcessor), property("min", numberOverrideProcessor),
    property("max", numberOverrideProcessor), property("decimals", numberOverrideProcessor),
    property("displayName", displayNameOverrideProcessor), property("noValue", identityOverrideProcessor),
    property("fieldMinMax", booleanOverrideProcessor),
    property("thresholds", thresholdsOverrideProcessor,
             { mode: "absolute", steps: [{ value: -Infinity, color: "green" }, { value: 80, color: "red" }] }),
    property("mappings", valueMappingsOverrideProcessor, []), property("color", identityOverrideProcessor),
    property("links", identityOverrideProcessor), property("actions", identityOverrideProcessor, []),
    property("filterable", booleanOverrideProcessor), property("description", identityOverrideProcessor),
];

const TRANSFORMERS = ["mergeTransformer", "organizeFieldsTransformer", "sortByTransformer", "filterFieldsByNameTransformer",
                      "seriesToRowsTransformer", "joinByFieldTransformer", "limitTransformer"];

/** A panel's state out of an answer or a failure of a data source. */
function result(state, series, request, error) {
    return { state, series, annotations: [], timeRange: request.range, request, error, errors: error && [error] };
}

function run(source, request) {
    return from(Promise.resolve().then(() => source.query(request))).pipe(
        map((answer) => result("Done", answer.data, request)),
        catchError((error) => of(result("Error", [], request, { message: String(error) }))));
}

export async function setUp(sources, plugins) {
    await initPluginTranslations("grafana");
    standardFieldConfigEditorRegistry.setInit(STANDARD);
    standardTransformersRegistry.setInit(() => TRANSFORMERS.filter((name) => standardTransformers[name]).map((name) =>
        ({ id: standardTransformers[name].id, name, editor: none, transformation: async () => standardTransformers[name] })));
    fieldReducers.list(); // which makes them
    setAppEvents(new EventBusSrv());
    setTemplateSrv({ replace: (text) => text, getVariables: () => [], containsTemplate: () => false, updateTimeRange() {} });
    const by = (ref) => sources.find((source) => source.type === ref?.type || source.uid === (ref?.uid ?? ref)) ?? sources[0];
    setDataSourceSrv({
        get: async (ref) => by(ref), getInstanceSettings: (ref) => by(ref).settings, reload() {}, registerRuntimeDataSource() {},
        getList: (filters = {}) => sources.filter((s) => !filters.pluginId || s.type === filters.pluginId).map((s) => s.settings),
    });
    setRunRequest(run);
    setPluginImportUtils({ importPanelPlugin: async (id) => plugins[id], getPanelPluginFromCache: (id) => plugins[id] });
}

export function chooseTheme(mode) {
    config.theme2 = createTheme({ colors: { mode } });
    return config.theme2;
}
