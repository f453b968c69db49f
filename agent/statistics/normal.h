/* SPDX-License-Identifier: Apache-2.0 */

/* The standard normal distribution, where exact ones are too long. Pure. Context: any-thread. */
#pragma once

/** cs_normal_distance() - the z that a share of @alpha is beyond, 0 < @alpha < 0.5 */
double cs_normal_distance(double alpha);
