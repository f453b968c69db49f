// SPDX-License-Identifier: Apache-2.0
// Made by dashboards/mixin/generate.py.
{
  "groups": [
    {
      "name": "coldspan.recording",
      "rules": [
        {
          "record": "job_faas_name:faas_attempts:rate5m",
          "expr": "  (\n    sum by (job, faas_name) (rate(faas_invocations_total[5m]))\n  or\n    sum by (job, faas_name) (rate(faas_errors_total[5m])) * 0\n  )\n+\n  (\n    sum by (job, faas_name) (rate(faas_errors_total[5m]))\n  or\n    sum by (job, faas_name) (rate(faas_invocations_total[5m])) * 0\n  )\n"
        },
        {
          "record": "job_faas_name:faas_attempts:rate1h",
          "expr": "  (\n    sum by (job, faas_name) (rate(faas_invocations_total[1h]))\n  or\n    sum by (job, faas_name) (rate(faas_errors_total[1h])) * 0\n  )\n+\n  (\n    sum by (job, faas_name) (rate(faas_errors_total[1h]))\n  or\n    sum by (job, faas_name) (rate(faas_invocations_total[1h])) * 0\n  )\n"
        },
        {
          "record": "job_faas_name:faas_errors_per_attempt:ratio_rate5m",
          "expr": "  sum by (job, faas_name) (rate(faas_errors_total[5m]))\n/\n  (job_faas_name:faas_attempts:rate5m > 0)\n"
        },
        {
          "record": "job_faas_name:faas_errors_per_attempt:ratio_rate1h",
          "expr": "  sum by (job, faas_name) (rate(faas_errors_total[1h]))\n/\n  (job_faas_name:faas_attempts:rate1h > 0)\n"
        },
        {
          "record": "job_faas_name:faas_coldstarts_per_attempt:ratio_rate1h",
          "expr": "  sum by (job, faas_name) (rate(faas_coldstarts_total[1h]))\n/\n  (job_faas_name:faas_attempts:rate1h > 0)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate5m",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[5m])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[5m]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[5m])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[5m])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[5m]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate30m",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[30m])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[30m]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[30m])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[30m])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[30m]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate1h",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1h]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate2h",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[2h])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[2h]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[2h])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[2h])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[2h]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate6h",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[6h]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate1d",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1d])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1d]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1d])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1d])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[1d]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name:coldspan_init_over_slo_per_init:ratio_rate3d",
          "expr": "1 - (\n    sum by (job, faas_name) (\n        rate(faas_init_duration_seconds_bucket{le=\"0.5\",coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[3d])\n      or ignoring (le)\n        histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[3d]))\n        * (histogram_fraction(-Inf, 0.5, rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[3d])) >= 0)\n    )\n  /\n    (\n      sum by (job, faas_name) (\n          rate(faas_init_duration_seconds_count{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[3d])\n        or\n          histogram_count(rate(faas_init_duration_seconds{coldspan_init_type!~\"proactive|provisioned|fork_pool\"}[3d]))\n      )\n    > 0)\n)\n"
        },
        {
          "record": "job_faas_name_faas_version:faas_init_duration_seconds:p95_rate1h",
          "expr": "max by (job, faas_name, faas_version) (\n    histogram_quantile(0.95, sum by (job, faas_name, faas_version) (\n        rate(faas_init_duration_seconds[1h])\n      unless\n        (rate(faas_init_duration_seconds_count[1h]) and on (job, faas_name, faas_version) (rate(faas_init_duration_seconds_count[1h]) unless rate(faas_init_duration_seconds[1h])))\n    ))\n  or\n    label_replace(\n      histogram_quantile(0.95, sum by (job, faas_name, faas_version, le) (\n        rate(faas_init_duration_seconds_bucket[1h]) and on (job, faas_name, faas_version) (rate(faas_init_duration_seconds_count[1h]) unless rate(faas_init_duration_seconds[1h]))\n      )),\n      \"of\", \"buckets\", \"\", \"\")\n) >= 0\n"
        },
        {
          "record": "job_faas_name_faas_version:faas_init_duration_seconds:increase1h",
          "expr": "sum by (job, faas_name, faas_version) (increase(faas_init_duration_seconds_count[1h]) or histogram_count(increase(faas_init_duration_seconds[1h])))"
        }
      ]
    }
  ]
}
