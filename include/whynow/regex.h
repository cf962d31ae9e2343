/* SPDX-License-Identifier: MIT */
/*
 * RE2 behind C: linear time, bounded memory. One pattern searched unanchored, as CEL's matches() asks, and many
 * patterns in one pass over a text. Texts are valid UTF-8.
 */
#ifndef WHYNOW_REGEX_H
#define WHYNOW_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cel_regex;
/* NULL if the pattern is invalid or too large to compile; why then says so. Gives. */
struct cel_regex *cel_regex_new(const char *pattern, size_t n, char *why, size_t why_size);
void cel_regex_free(struct cel_regex *re);
/* Does the pattern occur anywhere in the text? */
bool cel_regex_search(const struct cel_regex *re, const char *text, size_t n);

struct cel_regex_set;
/* All patterns as one automaton; NULL: *bad is the pattern that is wrong (n: all together are too large), why says how. Gives. */
struct cel_regex_set *cel_regex_set_new(const char *const *patterns, size_t n, size_t *bad, char *why, size_t why_size);
void cel_regex_set_free(struct cel_regex_set *set);
/* hit[i] = does pattern i occur in the text; true if any does. Should the automaton outgrow its memory all are said to occur.
 * Not for two threads at once. */
bool cel_regex_set_search(struct cel_regex_set *set, const char *text, size_t n, bool *hit);

#ifdef __cplusplus
}
#endif
#endif
