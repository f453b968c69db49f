/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Quantiles of measured samples, without interpolation and without an assumption on how they are
 * distributed: a quantile is one of the samples, and its bounds are others (order statistics, exact
 * binomial). Pure.
 *
 * Source: Conover, Practical Nonparametric Statistics, 3.1 and 3.2 (quantile test, confidence interval
 * for a quantile).
 * Context of all: any-thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where the bounds of a quantile stand among sorted samples; counted from 1; 0: there is none. */
struct cs_quantile_ranks {
	uint32_t point; /* cs_quantile_rank() */
	uint32_t lower; /* the quantile is not below this sample, with confidence 1 - alpha */
	uint32_t upper; /* the quantile is not above it, with confidence 1 - alpha */
};

/* What samples say of a bound on a quantile. */
struct cs_quantile_evidence {
	uint32_t count;
	uint32_t over; /* samples above the bound */
	uint32_t
		too_many; /* that many above it would prove that it is exceeded; count + 1: none would */
	struct cs_quantile_ranks ranks;
};

enum cs_quantile_finding {
	CS_QUANTILE_EXCEEDED,     /* proved */
	CS_QUANTILE_PROVED,       /* proved to be kept */
	CS_QUANTILE_KEPT,         /* the sample's quantile keeps it; not proved */
	CS_QUANTILE_NOT_PROVABLE, /* the sample's quantile exceeds it; not proved */
};

/** cs_samples_sort() - ascending */
void cs_samples_sort(double *samples, uint32_t count);

/** cs_samples_positive() - is each above 0, and finite? */
bool cs_samples_positive(const double *samples, uint32_t count);

/** cs_samples_median() - of @count > 0 sorted ones; the mean of the two in the middle */
double cs_samples_median(const double *sorted, uint32_t count);

/** cs_quantile_rank() - where a quantile of @count samples stands, from 1: the nearest rank */
uint32_t cs_quantile_rank(uint32_t count, double q);

/**
 * cs_quantile_ranks() - where a quantile and its one-sided bounds stand
 * @count: of samples, > 0
 * @q:     0 < @q < 1
 * @alpha: error of each bound
 */
struct cs_quantile_ranks cs_quantile_ranks(uint32_t count, double q, double alpha);

/** cs_quantile_provable_count() - samples it takes to prove, at best, that a bound on @q is kept */
uint32_t cs_quantile_provable_count(double q, double alpha);

/**
 * cs_quantile_judge() - do these samples keep quantile @q at or below @max?
 * @sorted: @count > 0 of them
 * @ret:    always set
 */
enum cs_quantile_finding cs_quantile_judge(const double *sorted, uint32_t count, double q,
					   double max, double alpha,
					   struct cs_quantile_evidence *ret);
