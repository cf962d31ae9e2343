/* SPDX-License-Identifier: MIT */
/*
 * RE2 behind C: linear time, bounded memory, unanchored search as CEL's matches() asks.
 */
#ifndef CEL_REGEX_H
#define CEL_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cel_regex;
/* NULL if the pattern is invalid or too large to compile; why then says so. Gives. */
struct cel_regex *cel_regex_new(const char *pattern, size_t n, char *why, size_t why_size);
void cel_regex_free(struct cel_regex *re);
/* Does the pattern occur anywhere in the text (valid UTF-8)? */
bool cel_regex_search(const struct cel_regex *re, const char *text, size_t n);

#ifdef __cplusplus
}
#endif
#endif
