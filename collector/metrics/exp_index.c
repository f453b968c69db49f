/* SPDX-License-Identifier: Apache-2.0 */

/* Which bucket a value is in; see exp_index.h. */
#include "collector/metrics/exp_index.h"

#include <string.h>

#define MANTISSA_BITS 52
#define MANTISSA_ONE  (1ull << MANTISSA_BITS)
#define EXPONENT_BIAS 1023

/*
 * ⌊2^(52 + i/256)⌋: the boundaries in [1, 2) at scale 8, as mantissas. But for the first they are irrational,
 * so that no double lies on one, and whoever is above the floor is above the boundary. Those of smaller scales
 * are among them. tests/lint/exp_boundaries.py proves the table in integers.
 */
static const uint64_t boundaries[1 << CS_EXP_SCALE_MAX] = {
	0x10000000000000, 0x100b1afa5abcbe, 0x10163da9fb3335, 0x102168143b0280, 0x102c9a3e778060,
	0x1037d42e11bbcc, 0x104315e86e7f84, 0x104e5f72f654b1, 0x1059b0d3158574, 0x10650a0e3c1f88,
	0x10706b29ddf6dd, 0x107bd42b72a836, 0x10874518759bc8, 0x1092bdf66607df, 0x109e3ecac6f383,
	0x10a9c79b1f3919, 0x10b5586cf9890f, 0x10c0f145e46c85, 0x10cc922b7247f7, 0x10d83b23395deb,
	0x10e3ec32d3d1a2, 0x10efa55fdfa9c4, 0x10fb66affed31a, 0x11073028d7233e, 0x111301d0125b50,
	0x111edbab5e2ab5, 0x112abdc06c31cb, 0x1136a814f204aa, 0x11429aaea92ddf, 0x114e95934f312d,
	0x115a98c8a58e51, 0x1166a45471c3c2, 0x1172b83c7d517a, 0x117ed48695bbc0, 0x118af9388c8de9,
	0x11972658375d2f, 0x11a35beb6fcb75, 0x11af99f8138a1c, 0x11bbe084045cd3, 0x11c82f95281c6b,
	0x11d4873168b9aa, 0x11e0e75eb44026, 0x11ed5022fcd91c, 0x11f9c18438ce4c, 0x12063b88628cd6,
	0x1212be3578a819, 0x121f49917ddc96, 0x122bdda27912d1, 0x12387a6e756238, 0x12451ffb82140a,
	0x1251ce4fb2a63f, 0x125e85711ece75, 0x126b4565e27cdd, 0x12780e341ddf29, 0x1284dfe1f56380,
	0x1291ba7591bb6f, 0x129e9df51fdee1, 0x12ab8a66d10f12, 0x12b87fd0dad98f, 0x12c57e39771b2e,
	0x12d285a6e4030b, 0x12df961f641589, 0x12ecafa93e2f56, 0x12f9d24abd886a, 0x1306fe0a31b715,
	0x131432edeeb2fd, 0x132170fc4cd831, 0x132eb83ba8ea31, 0x133c08b26416ff, 0x13496266e3fa2c,
	0x1356c55f929ff0, 0x136431a2de883a, 0x1371a7373aa9ca, 0x137f26231e7549, 0x138cae6d05d865,
	0x139a401b7140ee, 0x13a7db34e59ff6, 0x13b57fbfec6cf4, 0x13c32dc313a8e4, 0x13d0e544ede173,
	0x13dea64c123422, 0x13ec70df1c5174, 0x13fa4504ac801b, 0x140822c367a024, 0x14160a21f72e29,
	0x1423fb27094689, 0x1431f5d950a896, 0x143ffa3f84b9d4, 0x144e086061892d, 0x145c2042a7d231,
	0x146a41ed1d0057, 0x14786d668b3236, 0x1486a2b5c13cd0, 0x1494e1e192aed1, 0x14a32af0d7d3de,
	0x14b17dea6db7d6, 0x14bfdad5362a27, 0x14ce41b817c114, 0x14dcb299fddd0d, 0x14eb2d81d8abfe,
	0x14f9b2769d2ca6, 0x1508417f4531ee, 0x1516daa2cf6641, 0x15257de83f4eee, 0x15342b569d4f81,
	0x1542e2f4f6ad27, 0x1551a4ca5d920e, 0x156070dde910d1, 0x156f4736b527da, 0x157e27dbe2c4ce,
	0x158d12d497c7fd, 0x159c0827ff07cb, 0x15ab07dd485429, 0x15ba11fba87a02, 0x15c9268a5946b7,
	0x15d84590998b92, 0x15e76f15ad2148, 0x15f6a320dceb70, 0x1605e1b976dc08, 0x16152ae6cdf6f4,
	0x16247eb03a5584, 0x1633dd1d1929fd, 0x16434634ccc31f, 0x1652b9febc8fb6, 0x16623882552224,
	0x1671c1c70833f5, 0x168155d44ca973, 0x1690f4b19e9538, 0x16a09e667f3bcc, 0x16b052fa75173e,
	0x16c012750bdabe, 0x16cfdcddd47645, 0x16dfb23c651a2e, 0x16ef9298593ae4, 0x16ff7df9519483,
	0x170f7466f42e87, 0x171f75e8ec5f73, 0x172f8286ead089, 0x173f9a48a58173, 0x174fbd35d7cbfd,
	0x175feb564267c8, 0x177024b1ab6e09, 0x1780694fde5d3f, 0x1790b938ac1cf6, 0x17a11473eb0186,
	0x17b17b0976cfda, 0x17c1ed0130c132, 0x17d26a62ff86f0, 0x17e2f336cf4e62, 0x17f3878491c490,
	0x180427543e1a11, 0x1814d2add106d9, 0x182589994cce12, 0x18364c1eb941f7, 0x18471a4623c7ac,
	0x1857f4179f5b20, 0x1868d99b4492ec, 0x1879cad931a436, 0x188ac7d98a6699, 0x189bd0a478580f,
	0x18ace5422aa0db, 0x18be05bad61778, 0x18cf3216b5448b, 0x18e06a5e0866d8, 0x18f1ae99157736,
	0x1902fed0282c8a, 0x19145b0b91ffc5, 0x1925c353aa2fe1, 0x193737b0cdc5e4, 0x1948b82b5f98e4,
	0x195a44cbc8520e, 0x196bdd9a7670b2, 0x197d829fde4e4f, 0x198f33e47a22a2, 0x19a0f170ca07b9,
	0x19b2bb4d53fe0c, 0x19c49182a3f090, 0x19d674194bb8d4, 0x19e86319e32323, 0x19fa5e8d07f29d,
	0x1a0c667b5de564, 0x1a1e7aed8eb8bb, 0x1a309bec4a2d33, 0x1a42c980460ad7, 0x1a5503b23e255c,
	0x1a674a8af46052, 0x1a799e1330b358, 0x1a8bfe53c12e58, 0x1a9e6b5579fdbf, 0x1ab0e521356eba,
	0x1ac36bbfd3f379, 0x1ad5ff3a3c2774, 0x1ae89f995ad3ad, 0x1afb4ce622f2fe, 0x1b0e07298db665,
	0x1b20ce6c9a8952, 0x1b33a2b84f15fa, 0x1b468415b749b0, 0x1b59728de55939, 0x1b6c6e29f1c52a,
	0x1b7f76f2fb5e46, 0x1b928cf22749e3, 0x1ba5b030a10649, 0x1bb8e0b79a6f1e, 0x1bcc1e904bc1d2,
	0x1bdf69c3f3a206, 0x1bf2c25bd71e08, 0x1c06286141b33c, 0x1c199bdd85529c, 0x1c2d1cd9fa652b,
	0x1c40ab5fffd07a, 0x1c544778fafb22, 0x1c67f12e57d14b, 0x1c7ba88988c932, 0x1c8f6d9406e7b5,
	0x1ca3405751c4da, 0x1cb720dcef9069, 0x1ccb0f2e6d1674, 0x1cdf0b555dc3f9, 0x1cf3155b5bab73,
	0x1d072d4a07897b, 0x1d1b532b08c968, 0x1d2f87080d89f1, 0x1d43c8eacaa1d6, 0x1d5818dcfba487,
	0x1d6c76e862e6d3, 0x1d80e316c98397, 0x1d955d71ff6075, 0x1da9e603db3285, 0x1dbe7cd63a8314,
	0x1dd321f301b460, 0x1de7d5641c0657, 0x1dfc97337b9b5e, 0x1e11676b197d16, 0x1e264614f5a128,
	0x1e3b333b16ee11, 0x1e502ee78b3ff6, 0x1e653924676d75, 0x1e7a51fbc74c83, 0x1e8f7977cdb73f,
	0x1ea4afa2a490d9, 0x1eb9f4867cca6e, 0x1ecf482d8e67f0, 0x1ee4aaa2188510, 0x1efa1bee615a27,
	0x1f0f9c1cb64129, 0x1f252b376bba97, 0x1f3ac948dd7273, 0x1f50765b6e4540, 0x1f6632798844f8,
	0x1f7bfdad9cbe13, 0x1f91d802243c88, 0x1fa7c1819e90d8, 0x1fbdba3692d513, 0x1fd3c22b8f71f1,
	0x1fe9d96b2a23d9,
};

/* @value = mantissa × 2^(exponent - 52), with the mantissa in [2^52, 2^53). */
static int split(double value, uint64_t *ret_mantissa)
{
	uint64_t bits, mantissa;
	int exponent, shift;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = bits & (MANTISSA_ONE - 1);
	exponent = (int)(bits >> MANTISSA_BITS & 0x7ff);
	if (exponent) {
		*ret_mantissa = mantissa | MANTISSA_ONE;
		return exponent - EXPONENT_BIAS;
	}
	shift = __builtin_clzll(mantissa) - (63 - MANTISSA_BITS);
	*ret_mantissa = mantissa << shift;
	return 1 - EXPONENT_BIAS - shift;
}

/* The largest j of 2^@scale with boundary j below @mantissa, which is no power of two. */
static unsigned find(uint64_t mantissa, int scale)
{
	unsigned found = 0;

	for (int bit = scale - 1; bit >= 0; bit--) {
		unsigned next = found | 1u << bit;

		if (mantissa > boundaries[next << (CS_EXP_SCALE_MAX - scale)])
			found = next;
	}
	return found;
}

int32_t cs_exp_index(double value, int scale)
{
	uint64_t mantissa;
	int32_t exponent = split(value, &mantissa);

	if (scale <= 0)
		return (exponent - (mantissa == MANTISSA_ONE)) >> -scale;
	if (mantissa == MANTISSA_ONE) /* the upper end belongs to its bucket */
		return exponent * (1 << scale) - 1;
	return exponent * (1 << scale) + (int32_t)find(mantissa, scale);
}
