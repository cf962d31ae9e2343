/* SPDX-License-Identifier: MIT */
/*
 * The one C++ file: RE2 for matches() and for many patterns at once. Nothing here throws; an allocation that fails
 * ends the process as all small ones do.
 */
#include <whynow/regex.h>

#include <algorithm>
#include <new>
#include <re2/re2.h>
#include <re2/set.h>

/* Bytes a compiled pattern, or a whole set, and its automata may take: hostile patterns fail to compile instead. */
static constexpr int64_t max_memory = 1 << 20, max_set_memory = 16 << 20;

static re2::RE2::Options options(int64_t memory)
{
	re2::RE2::Options o;
	o.set_log_errors(false);
	o.set_max_mem(memory);
	return o;
}

struct cel_regex {
	re2::RE2 re;
	explicit cel_regex(const re2::StringPiece &pattern) : re(pattern, options(max_memory)) {}
};

extern "C" struct cel_regex *cel_regex_new(const char *pattern, size_t n, char *why, size_t why_size)
{
	cel_regex *re = new (std::nothrow) cel_regex(re2::StringPiece(pattern, n));
	if (re && re->re.ok())
		return re;
	if (why_size > 0)
		why[re ? re->re.error().copy(why, why_size - 1) : 0] = 0;
	delete re;
	return nullptr;
}

extern "C" void cel_regex_free(struct cel_regex *re) { delete re; }

extern "C" bool cel_regex_search(const struct cel_regex *re, const char *text, size_t n)
{
	return re2::RE2::PartialMatch(re2::StringPiece(text, n), re->re);
}

struct cel_regex_set {
	re2::RE2::Set set;
	std::vector<int> found;
	size_t n = 0;
	cel_regex_set() : set(options(max_set_memory), re2::RE2::UNANCHORED) {}
};

extern "C" struct cel_regex_set *cel_regex_set_new(const char *const *patterns, size_t n, size_t *bad, char *why, size_t why_size)
{
	cel_regex_set *s = new cel_regex_set;
	std::string error = "too large";
	while (s->n < n && s->set.Add(patterns[s->n], &error) >= 0)
		s->n++;
	if (s->n == n && s->set.Compile())
		return s;
	*bad = s->n;
	why[error.copy(why, why_size - 1)] = 0;
	delete s;
	return nullptr;
}

extern "C" void cel_regex_set_free(struct cel_regex_set *set) { delete set; }

extern "C" bool cel_regex_set_search(struct cel_regex_set *set, const char *text, size_t n, bool *hit)
{
	re2::RE2::Set::ErrorInfo failure = {re2::RE2::Set::kNoError};
	bool any = set->set.Match(re2::StringPiece(text, n), &set->found, &failure);
	bool all = !any && failure.kind != re2::RE2::Set::kNoError;
	std::fill(hit, hit + set->n, all);
	for (int i : set->found)
		hit[i] = true;
	return any || all;
}
