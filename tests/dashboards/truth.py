# SPDX-License-Identifier: Apache-2.0
"""What is true of history.py's past, by counting what happened: nothing of it goes through a query language.

A result is {(label values): number}, in the order of the labels that it was asked by; all in one is {(): number}.
"""
import functools

import history


class Truth:
    """Of (END - window, END] for what Grafana calls the interval, and of the range before END."""

    def __init__(self, window, whole, functions=tuple(history.FUNCTIONS)):
        self.spans, self.functions = {"window": window, "range": whole}, functions

    @functools.cached_property
    def events(self):
        found = {}
        for function in self.functions:
            for name, (_, events) in history.histograms(function).items():
                found.setdefault(name, []).extend((event, None) for event in events if event.count)
            for name, events in history.counters(function).items():
                found.setdefault(name + "_total", []).extend(events)
        for name, (_, events) in history.OWN_HISTOGRAMS.items():
            found[name] = [(event, None) for event in events]
        for name, values in history.OWN_COUNTERS.items():
            found[name + "_total"] = [(history.Event(labels, 1), amount) for labels, amount in values]
        return found

    @functools.cached_property
    def gauges(self):
        found = {name: list(values) for name, values in history.OWN_GAUGES.items()}
        for function in self.functions:
            if function.until > history.END:
                for name, values in history.gauges(function).items():
                    found.setdefault(name, []).extend(values)
        return found

    def values(self, name, by, over, only):
        """{key: [(value, how much it adds)]}; series in which nothing happened have none."""
        begin = history.END - self.spans[over]
        found = {}
        for event, amount in self.events[name]:
            labels = {**history.PLACE, **event.labels}
            if all(labels.get(key) == value for key, value in only.items()):
                key = tuple(labels.get(label, "") for label in by)
                happened = found.setdefault(key, [])
                happened += [(value, value if amount is None else amount)
                             for value in event.within(begin, history.END)]
        return found

    def increase(self, name, *by, over="range", **only):
        return {key: sum(amount for _, amount in values)
                for key, values in self.values(name, by, over, only).items()}

    def rate(self, name, *by, over="window", **only):
        return {key: value / self.spans[over]
                for key, value in self.increase(name, *by, over=over, **only).items()}

    def count(self, name, *by, over="window", **only):
        return {key: len(values) for key, values in self.values(name, by, over, only).items()}

    def count_rate(self, name, *by, over="window", **only):
        return scaled(self.count(name, *by, over=over, **only), 1 / self.spans[over])

    def mean(self, name, *by, over="window", **only):
        return per(self.increase(name, *by, over=over, **only), self.count(name, *by, over=over, **only))

    def quantile(self, q, name, *by, over="window", **only):
        """The exact one: of all values in order."""
        found = {}
        for key, values in self.values(name, by, over, only).items():
            ordered = sorted(value for value, _ in values)
            if ordered:
                found[key] = ordered[min(int(q * len(ordered)), len(ordered) - 1)]
        return found

    def above(self, bound, name, *by, over="window", **only):
        found = {}
        for key, values in self.values(name, by, over, only).items():
            if values:
                found[key] = sum(value > bound for value, _ in values) / len(values)
        return found

    def gauge(self, name, *by, fold=sum):
        found = {}
        for labels, value in self.gauges[name]:
            found.setdefault(tuple({**history.PLACE, **labels}.get(label, "") for label in by), []).append(value)
        return {key: fold(values) for key, values in found.items()}

    def gauge_of_minutes(self, name, *by):
        """Its mean over the full minutes of the range in which there was one. Prometheus looks back for five minutes."""
        minutes = range(history.END - history.END % 60, history.END - self.spans["range"], -60)
        sums = {}
        for function in self.functions:
            last = history.END if function.until > history.END else function.until + 300
            for labels, value in history.gauges(function)[name]:
                each = sums.setdefault(tuple(labels.get(label, "") for label in by), {})
                for at in minutes:
                    if function.since - history.STEP <= at <= last:
                        each[at] = each.get(at, 0) + value
        return {key: sum(each.values()) / len(each) for key, each in sums.items()}

    # --- what several panels are about

    def invocations(self, *by, over="window"):
        return plus(self.rate("faas_invocations_total", *by, over=over),
                    self.rate("faas_errors_total", *by, over=over))

    def errors(self, *by):
        return per(plus(scaled(self.invocations(*by), 0), self.rate("faas_errors_total", *by)),
                   self.invocations(*by))

    def cold(self, *by):
        return per(plus(scaled(self.invocations(*by), 0), self.rate("faas_coldstarts_total", *by)),
                   self.invocations(*by))

    def cold_invocations(self, *by):
        took = "faas_invoke_duration_seconds"
        all_of_them = self.count(took, *by)
        return per({key: self.count(took, *by, faas_coldstart="true").get(key, 0) for key in all_of_them}, all_of_them)

    def billed(self, *by, **only):
        return self.increase("coldspan_billed_gb_seconds_total", *by, **only)

    def dollars(self, *by, gbs=0.0000166667, kept=0.0000041667, request=0.20):
        asked = scaled(self.invocations(*by, over="range"), self.spans["range"] * request / 1e6)
        ready = self.billed(*by, coldspan_billed_component="provisioned")
        return plus(scaled(self.billed(*by), gbs), plus(scaled(ready, kept - gbs), asked))


def scaled(values, factor):
    return {key: value * factor for key, value in values.items()}


def plus(one, other):
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def minus(one, other):
    return plus(one, scaled(other, -1))


def per(part, whole):
    """Where the whole is above nothing."""
    return {key: part[key] / whole[key] for key in part if whole.get(key, 0) > 0}


def minus_from_one(values):
    return {key: 1 - value for key, value in values.items()}


def happened(values):
    return {key: value for key, value in values.items() if value > 0}
