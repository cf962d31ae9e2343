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

/* Forms that stand without blanks at either end of a name, already folded, and what they are. */
static const char *const glued_forms[][2] = {
    {"株式会社", "kk"}, {"有限会社", "yk"}, {"合同会社", "gk"}, {"(株)", "kk"}, {"(有)", "yk"}, {"有限公司", "ltd"},
};

/* A name taken apart: its words without legal form and article are w[from .. from + n). */
struct name {
	struct wn_words w;
	size_t from, n;
	struct wn_str form;
};

static bool is_ascii(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return false;
	return true;
}

static struct wn_str without_glued(struct wn_str s, struct wn_arena *a, struct wn_str *form)
{
	if (is_ascii(s))
		return s;
	for (size_t i = 0; i < WN_COUNT(glued_forms); i++) {
		struct wn_str glued = wn_str_of(glued_forms[i][0]);
		const char *at = s.n > glued.n ? memmem(s.p, s.n, glued.p, glued.n) : NULL;
		if (!at || (at != s.p && at + glued.n != s.p + s.n))
			continue;
		char *p = wn_arena_strdup(a, s);
		memset(p + (at - s.p), ' ', glued.n);
		s.p = p;
		*form = wn_str_of(glued_forms[i][1]);
	}
	return s;
}

/* Number of words at the end of w[0..n) that are a legal form, leaving at least one; 0: none. */
static size_t form_at_end(const struct wn_words *w, size_t n, struct wn_arena *a, struct wn_str *form)
{
	for (size_t k = n - 1 < FORM_WORDS_MAX ? n - 1 : FORM_WORDS_MAX; k > 0; k--) {
		struct wn_str words = k == 1 ? w->w[n - 1] : wn_words_join(w, n - k, k, ' ', a);
		if (wn_lists_legal_form(words, form))
			return k;
	}
	return 0;
}

static void take_apart(struct wn_str name, struct wn_arena *a, struct name *out)
{
	struct wn_str s = wn_text_trim(wn_text_fold(wn_text_repair(name, WN_TEXT_FIELD_MAX, a), a)), form;

	out->from = 0;
	out->form = WN_STR("");
	wn_words_cut(without_glued(s, a, &out->form), a, &out->w);
	out->n = out->w.n;
	for (size_t k; out->n > 1 && (k = form_at_end(&out->w, out->n, a, &form)) > 0;) {
		out->n -= k;
		if (!out->form.n)
			out->form = form;
	}
	if (out->n > 1 && wn_str_is(out->w.w[0], "the")) {
		out->from = 1;
		out->n--;
	}
}

struct wn_str wn_name_normalise(struct wn_str name, struct wn_arena *a)
{
	struct name n;

	take_apart(name, a, &n);
	return wn_words_join(&n.w, n.from, n.n, ' ', a);
}

/* Letters that are also written as two: ä ö ü ø å as ae oe ue oe aa. All are two bytes from 0xc3 in NFC. */
static const char *two_letters(uint8_t c)
{
	switch (c | 0x20) {
	case 0xa4:
		return "ae";
	case 0xa5:
		return "aa";
	case 0xb6:
	case 0xb8:
		return "oe";
	case 0xbc:
		return "ue";
	default:
		return NULL;
	}
}

/* The name with such letters written out; false if it has none. */
static bool written_out(struct wn_str name, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str s = wn_text_repair(name, WN_TEXT_FIELD_MAX, a);
	char *p = wn_arena_strdup(a, s); /* two bytes become two bytes */
	bool any = false;

	for (size_t i = 0; i + 1 < s.n; i++) {
		const char *to = (uint8_t)p[i] == 0xc3 ? two_letters((uint8_t)p[i + 1]) : NULL;
		if (to) {
			memcpy(&p[i++], to, 2);
			any = true;
		}
	}
	*out = (struct wn_str){p, s.n};
	return any;
}

void wn_name_read(struct wn_str name, struct wn_arena *a, struct wn_name *out)
{
	struct name n;
	struct wn_str other;

	take_apart(name, a, &n);
	*out = (struct wn_name){.words = wn_words_join(&n.w, n.from, n.n, ' ', a),
				.form = n.form,
				.keys = {wn_words_join(&n.w, n.from, n.n, '\0', a)}};
	out->n_keys = out->keys[0].n ? 1 : 0;
	if (!out->n_keys || is_ascii(name) || !written_out(name, a, &other))
		return;
	take_apart(other, a, &n);
	out->keys[1] = wn_words_join(&n.w, n.from, n.n, '\0', a);
	out->n_keys += !wn_str_eq(out->keys[0], out->keys[1]);
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
