// SPDX-License-Identifier: Apache-2.0
// Boards and rules as a mixin: (import 'mixin.libsonnet') + { _config+:: { runbookBase: 'https://…' } }
// with grafanaDashboards, prometheusAlerts and prometheusRules, as tools for mixins expect them.
local boards = import 'boards.libsonnet';

// Without an address before them they stay as they are: below Grafana's own, and below a copy of docs/.
local under(base, url) = if base == '' then url else std.rstripChars(base, '/') + '/' + std.lstripChars(url, '/');

{
  _config+:: {
    runbookBase: '',  // where a copy of this repository is: the pages are below docs/runbooks
    dashboardBase: '',  // of Grafana
    tags: ['coldspan'],
  },
  grafanaDashboards+:: {
    [name]: boards[name] { tags: $._config.tags }
    for name in std.objectFields(boards)
  },
  prometheusRules+:: import 'recording.libsonnet',
  prometheusAlerts+:: {
    groups: [
      group {
        rules: [
          rule {
            annotations+: {
              runbook_url: under($._config.runbookBase, super.runbook_url),
              dashboard_url: under($._config.dashboardBase, super.dashboard_url),
            },
          }
          for rule in group.rules
        ],
      }
      for group in (import 'alerts.libsonnet').groups
    ],
  },
}
