/* SPDX-License-Identifier: Apache-2.0 */

/* Programs that start others with an environment of their own making, and how they are told to hand ours on. */
#pragma once

/** cs_handing_on() - what to do so that the program @name hands LD_PRELOAD on; never NULL. Pure. */
const char *cs_handing_on(const char *name);
