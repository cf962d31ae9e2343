/* SPDX-License-Identifier: MIT */
/*
 * The one C++ file: RE2 for matches(). Nothing here throws; an allocation that fails ends the process as all
 * small ones do.
 */
#include "regex.h"

#include <new>
#include <re2/re2.h>

/* Bytes one compiled pattern and its automata may take: hostile patterns fail to compile instead. */
static constexpr int64_t max_memory = 1 << 20;

struct cel_regex {
	re2::RE2 re;
	cel_regex(const re2::StringPiece &pattern, const re2::RE2::Options &options) : re(pattern, options) {}
};

extern "C" struct cel_regex *cel_regex_new(const char *pattern, size_t n, char *why, size_t why_size)
{
	re2::RE2::Options options;

	options.set_log_errors(false);
	options.set_max_mem(max_memory);
	cel_regex *re = new (std::nothrow) cel_regex(re2::StringPiece(pattern, n), options);
	if (re && re->re.ok())
		return re;
	if (why_size > 0) {
		size_t len = re ? re->re.error().copy(why, why_size - 1) : 0;
		why[len] = 0;
	}
	delete re;
	return nullptr;
}

extern "C" void cel_regex_free(struct cel_regex *re)
{
	delete re;
}

extern "C" bool cel_regex_search(const struct cel_regex *re, const char *text, size_t n)
{
	return re2::RE2::PartialMatch(re2::StringPiece(text, n), re->re);
}
