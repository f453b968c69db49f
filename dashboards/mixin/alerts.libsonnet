// SPDX-License-Identifier: Apache-2.0
// Made by dashboards/mixin/generate.py.
{
  "groups": [
    {
      "name": "coldspan.alerts",
      "rules": [
        {
          "alert": "ColdspanColdStartBudgetBurnFast",
          "expr": "(\n  (job_faas_name:coldspan_init_over_slo_per_init:ratio_rate1h > 14.4 * 0.05 and job_faas_name:coldspan_init_over_slo_per_init:ratio_rate5m > 14.4 * 0.05)\nor\n  (job_faas_name:coldspan_init_over_slo_per_init:ratio_rate6h > 6 * 0.05 and job_faas_name:coldspan_init_over_slo_per_init:ratio_rate30m > 6 * 0.05)\n)\nand\n  sum by (job, faas_name) (\n      increase(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h])\n    or\n      histogram_count(increase(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h]))\n  ) >= 20\n",
          "for": "2m",
          "labels": {
            "severity": "critical"
          },
          "annotations": {
            "summary": "Cold starts burn their latency budget fast.",
            "description": "{{ $value | humanizePercentage }} of the starts of {{ $labels.faas_name }} took longer than 500 ms; at this rate the budget of a month is gone within days.",
            "runbook_url": "docs/runbooks/ColdspanColdStartBudgetBurnFast.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanColdStartBudgetBurnSlow",
          "expr": "(\n  (job_faas_name:coldspan_init_over_slo_per_init:ratio_rate1d > 3 * 0.05 and job_faas_name:coldspan_init_over_slo_per_init:ratio_rate2h > 3 * 0.05)\nor\n  (job_faas_name:coldspan_init_over_slo_per_init:ratio_rate3d > 1 * 0.05 and job_faas_name:coldspan_init_over_slo_per_init:ratio_rate6h > 1 * 0.05)\n)\nand\n  sum by (job, faas_name) (\n      increase(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h])\n    or\n      histogram_count(increase(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h]))\n  ) >= 20\n",
          "for": "15m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Cold starts burn their latency budget.",
            "description": "{{ $value | humanizePercentage }} of the starts of {{ $labels.faas_name }} took longer than 500 ms; the budget of a month will not last.",
            "runbook_url": "docs/runbooks/ColdspanColdStartBudgetBurnSlow.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanColdStartRatioHigh",
          "expr": "job_faas_name:faas_coldstarts_per_attempt:ratio_rate1h > 0.2\nand\n  job_faas_name:faas_attempts:rate1h * 3600 >= 100\n",
          "for": "15m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Many invocations start cold.",
            "description": "{{ $value | humanizePercentage }} of the invocations of {{ $labels.faas_name }} waited for a cold start in the last hour.",
            "runbook_url": "docs/runbooks/ColdspanColdStartRatioHigh.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanInitRegressedAfterDeploy",
          "expr": "(\n    job_faas_name_faas_version:faas_init_duration_seconds:p95_rate1h\n  and on (job, faas_name, faas_version)\n    (\n      count by (job, faas_name, faas_version) (coldspan_function_info)\n      unless on (job, faas_name, faas_version)\n      count by (job, faas_name, faas_version) (coldspan_function_info offset 1d)\n    )\n  and\n    job_faas_name_faas_version:faas_init_duration_seconds:increase1h >= 30\n)\n> on (job, faas_name) group_left ()\n  1.25 * max by (job, faas_name) (\n      max_over_time(job_faas_name_faas_version:faas_init_duration_seconds:p95_rate1h[1d] offset 1h)\n    and on (job, faas_name, faas_version)\n      count by (job, faas_name, faas_version) (coldspan_function_info offset 1d)\n    and on (job, faas_name, faas_version)\n      max_over_time(job_faas_name_faas_version:faas_init_duration_seconds:increase1h[1d] offset 1h) >= 30\n  )\n",
          "for": "10m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "A new version starts slower than the one before.",
            "description": "Version {{ $labels.faas_version }} of {{ $labels.faas_name }} has a p95 of {{ $value | humanizeDuration }}, more than a quarter above that of the version before.",
            "runbook_url": "docs/runbooks/ColdspanInitRegressedAfterDeploy.md",
            "dashboard_url": "/d/coldspan-anatomy"
          }
        },
        {
          "alert": "ColdspanFunctionErrorBudgetBurn",
          "expr": "(job_faas_name:faas_errors_per_attempt:ratio_rate1h > 14.4 * 0.01 and job_faas_name:faas_errors_per_attempt:ratio_rate5m > 14.4 * 0.01)\nand\n  job_faas_name:faas_attempts:rate1h * 3600 >= 100\n",
          "for": "2m",
          "labels": {
            "severity": "critical"
          },
          "annotations": {
            "summary": "A function fails more often than it may.",
            "description": "{{ $value | humanizePercentage }} of the invocations of {{ $labels.faas_name }} failed in the last hour.",
            "runbook_url": "docs/runbooks/ColdspanFunctionErrorBudgetBurn.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanTimeoutsNearLimit",
          "expr": "sum by (job, faas_name) (rate(faas_timeouts_total[1h])) / (job_faas_name:faas_attempts:rate1h > 0) > 0.01\nand\n  job_faas_name:faas_attempts:rate1h * 3600 >= 100\n",
          "for": "10m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Invocations run into their deadline.",
            "description": "{{ $value | humanizePercentage }} of the invocations of {{ $labels.faas_name }} were ended at their deadline in the last hour.",
            "runbook_url": "docs/runbooks/ColdspanTimeoutsNearLimit.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanMemoryNearLimit",
          "expr": "(\n  max by (job, faas_name) (\n      histogram_quantile(0.99, sum by (job, faas_name) (\n          rate(faas_mem_usage_bytes[1h])\n        unless\n          (rate(faas_mem_usage_bytes_count[1h]) and on (job, faas_name) (rate(faas_mem_usage_bytes_count[1h]) unless rate(faas_mem_usage_bytes[1h])))\n      ))\n    or\n      label_replace(\n        histogram_quantile(0.99, sum by (job, faas_name, le) (\n          rate(faas_mem_usage_bytes_bucket[1h]) and on (job, faas_name) (rate(faas_mem_usage_bytes_count[1h]) unless rate(faas_mem_usage_bytes[1h]))\n        )),\n        \"of\", \"buckets\", \"\", \"\")\n  )\n/\n  (max by (job, faas_name) (coldspan_function_memory_limit_bytes) > 0)\n) > 0.95\nand\n  sum by (job, faas_name) (increase(faas_mem_usage_bytes_count[1h]) or histogram_count(increase(faas_mem_usage_bytes[1h]))) >= 20\n",
          "for": "15m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "A function is about to run out of memory.",
            "description": "p99 of the memory of {{ $labels.faas_name }} is {{ $value | humanizePercentage }} of its limit.",
            "runbook_url": "docs/runbooks/ColdspanMemoryNearLimit.md",
            "dashboard_url": "/d/coldspan-function"
          }
        },
        {
          "alert": "ColdspanEventsDropped",
          "expr": "sum by (job, instance) (increase(coldspan_agent_events_dropped_total[10m]))\n/\n  (sum by (job, instance) (increase(coldspan_agent_events_total[10m])) > 0)\n> 0.001\n",
          "for": "5m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Records of functions are lost.",
            "description": "{{ $value | humanizePercentage }} of what functions recorded did not reach the collector {{ $labels.instance }} as a span.",
            "runbook_url": "docs/runbooks/ColdspanEventsDropped.md",
            "dashboard_url": "/d/coldspan-agent"
          }
        },
        {
          "alert": "ColdspanExportFailing",
          "expr": "sum by (job, instance, otel_component_name) (rate(otel_sdk_exporter_span_exported_total{error_type!=\"\"}[10m]))\n/\n  (sum by (job, instance, otel_component_name) (rate(otel_sdk_exporter_span_exported_total[10m])) > 0)\n> 0.01\n",
          "for": "10m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "A destination does not take spans.",
            "description": "{{ $value | humanizePercentage }} of the spans for {{ $labels.otel_component_name }} of the collector {{ $labels.instance }} are lost.",
            "runbook_url": "docs/runbooks/ColdspanExportFailing.md",
            "dashboard_url": "/d/coldspan-agent"
          }
        },
        {
          "alert": "ColdspanShimNotAttached",
          "expr": "sum by (job, instance) (rate(coldspan_agent_events_total[15m])) == 0\nand\n  sum by (job, instance) (increase(coldspan_agent_events_total[1h] offset 1h)) >= 100\nand\n  sum by (job, instance) (increase(coldspan_agent_events_total[1h] offset 1d)) > 0\nunless\n  sum by (job, instance) (coldspan_instances) > 0\n",
          "for": "30m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Functions that were watched are not watched any more.",
            "description": "The collector {{ $labels.instance }} has read nothing for 45 minutes, and did before, and yesterday at this time: is the library still preloaded?",
            "runbook_url": "docs/runbooks/ColdspanShimNotAttached.md",
            "dashboard_url": "/d/coldspan-agent"
          }
        },
        {
          "alert": "ColdspanOverheadHigh",
          "expr": "max by (job, instance) (\n    histogram_quantile(0.99, sum by (job, instance) (\n        rate(coldspan_shim_attach_duration_seconds[1h])\n      unless\n        (rate(coldspan_shim_attach_duration_seconds_count[1h]) and on (job, instance) (rate(coldspan_shim_attach_duration_seconds_count[1h]) unless rate(coldspan_shim_attach_duration_seconds[1h])))\n    ))\n  or\n    label_replace(\n      histogram_quantile(0.99, sum by (job, instance, le) (\n        rate(coldspan_shim_attach_duration_seconds_bucket[1h]) and on (job, instance) (rate(coldspan_shim_attach_duration_seconds_count[1h]) unless rate(coldspan_shim_attach_duration_seconds[1h]))\n      )),\n      \"of\", \"buckets\", \"\", \"\")\n) > 0.002\nand\n  sum by (job, instance) (increase(coldspan_shim_attach_duration_seconds_count[1h]) or histogram_count(increase(coldspan_shim_attach_duration_seconds[1h]))) >= 20\n",
          "for": "15m",
          "labels": {
            "severity": "warning"
          },
          "annotations": {
            "summary": "Watching costs starts more than it may.",
            "description": "p99 of what the library takes of a start is {{ $value | humanizeDuration }} at the collector {{ $labels.instance }}.",
            "runbook_url": "docs/runbooks/ColdspanOverheadHigh.md",
            "dashboard_url": "/d/coldspan-agent"
          }
        },
        {
          "alert": "ColdspanCollectorDown",
          "expr": "up{job=~\".*coldspan.*\"} == 0\nor\n  absent(coldspan_build_info)\n",
          "for": "5m",
          "labels": {
            "severity": "critical"
          },
          "annotations": {
            "summary": "A collector does not answer.",
            "description": "{{ with $labels.instance }}The collector {{ . }} cannot be scraped.{{ else }}No collector is scraped.{{ end }} What functions record meanwhile is lost once their rings are full.",
            "runbook_url": "docs/runbooks/ColdspanCollectorDown.md",
            "dashboard_url": "/d/coldspan-agent"
          }
        },
        {
          "alert": "ColdspanCostSpike",
          "expr": "sum by (job, faas_name) (increase(coldspan_billed_gb_seconds_total{coldspan_billed_component!=\"provisioned\"}[1h]))\n>\n  2 * sum by (job, faas_name) (increase(coldspan_billed_gb_seconds_total{coldspan_billed_component!=\"provisioned\"}[1h] offset 1d))\nand\n  sum by (job, faas_name) (increase(coldspan_billed_gb_seconds_total{coldspan_billed_component!=\"provisioned\"}[1h])) >= 1000\n",
          "for": "30m",
          "labels": {
            "severity": "info"
          },
          "annotations": {
            "summary": "A function costs twice what it cost yesterday.",
            "description": "{{ $labels.faas_name }} was billed {{ $value | humanize }} GB-seconds in the last hour, more than twice as many as in the same hour of yesterday.",
            "runbook_url": "docs/runbooks/ColdspanCostSpike.md",
            "dashboard_url": "/d/coldspan-cost"
          }
        }
      ]
    }
  ]
}
