/* SPDX-License-Identifier: MIT */
/*
 * Names of companies and headlines, brought to the form in which they are compared. What two careful readers
 * would take for the same name becomes the same text; what is another company (a further word, another number)
 * stays another.
 */
#include "words.h"
#include <whynow/signal.h>

/* The longest legal form has five words (gmbh and co kg is four, sapi de cv three). */
enum { FORM_WORDS_MAX = 5 };

/* Forms that stand without blanks at either end of a name; already folded. */
static const char *const glued_forms[] = {"株式会社", "有限会社", "合同会社", "(株)", "(有)", "有限公司"};

static struct wn_str without_glued(struct wn_str s, struct wn_arena *a)
{
	for (size_t i = 0; i < WN_COUNT(glued_forms); i++) {
		struct wn_str form = wn_str_of(glued_forms[i]);
		const char *at = s.n > form.n ? memmem(s.p, s.n, form.p, form.n) : NULL;
		if (!at || (at != s.p && at + form.n != s.p + s.n))
			continue;
		char *p = wn_arena_strdup(a, s);
		memset(p + (at - s.p), ' ', form.n);
		s.p = p;
	}
	return s;
}

/* Number of words at the end of w[0..n) that are a legal form, leaving at least one; 0: none. */
static size_t form_at_end(const struct wn_words *w, size_t n, struct wn_arena *a)
{
	for (size_t k = n - 1 < FORM_WORDS_MAX ? n - 1 : FORM_WORDS_MAX; k > 0; k--)
		if (wn_lists_legal_form(wn_words_join(w, n - k, k, ' ', a)))
			return k;
	return 0;
}

struct wn_str wn_name_normalise(struct wn_str name, struct wn_arena *a)
{
	struct wn_words w;
	struct wn_str s = wn_text_trim(wn_text_fold(wn_text_repair(name, WN_TEXT_FIELD_MAX, a), a));
	size_t from = 0;

	wn_words_cut(without_glued(s, a), a, &w);
	for (size_t k; w.n > 1 && (k = form_at_end(&w, w.n, a)) > 0;)
		w.n -= k;
	if (w.n > 1 && wn_str_is(w.w[0], "the"))
		from = 1;
	return wn_words_join(&w, from, w.n - from, ' ', a);
}

struct wn_str wn_name_squeeze(struct wn_str normalised, struct wn_arena *a)
{
	char *p = wn_arena_alloc(a, normalised.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < normalised.n; i++)
		if (normalised.p[i] != ' ')
			p[n++] = normalised.p[i];
	return (struct wn_str){p, n};
}

struct wn_str wn_headline_normalise(struct wn_str headline, struct wn_arena *a)
{
	struct wn_words w;

	wn_words_cut(headline, a, &w);
	return wn_words_join(&w, 0, w.n, ' ', a);
}
