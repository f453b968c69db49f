# SPDX-License-Identifier: Apache-2.0
"""What is made of pairs: pure.

Single measurements here differ by more than what is looked for, and some by very much. So nothing is averaged:
of two that were taken beside each other the ratio or the difference is formed, and of many such the estimate of
Hodges and Lehmann: the median of the means of any two. It is as steady as a mean where they are spread evenly, and
as little moved by a few that are far off as a median.
"""
import itertools
import statistics


def middle(values):
    """Hodges' and Lehmann's estimate."""
    return statistics.median((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))


def quarters(values):
    """The lower and the upper quartile; of one value that value."""
    if len(values) == 1:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def shown(values, form):
    """"1.0 (0.5 to 1.4)": the estimate and the quartiles."""
    first, third = quarters(values)
    return f"{form.format(middle(values))} ({form.format(first)} to {form.format(third)})"


def order(names, n):
    """That of round n: all orders there are, before one comes again, so that nobody comes always behind the
    same; and not all with the same first name before the next."""
    orders = list(itertools.permutations(names))
    return orders[n * 7 % len(orders)]  # the number of orders is 1, 2, 6, 24: all are met


def there_and_back(names, n):
    """The same, each name twice, so that what grows evenly hits all alike."""
    return order(names, n) + order(names, n)[::-1]
