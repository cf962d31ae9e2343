/* SPDX-License-Identifier: MIT */
/*
 * Names that are one letter apart, found without looking at all names. A listed name of n letters is stored under
 * three pieces, with t = n / 3 rounded down:
 *
 *     its first 2t - 1 letters            whole if the slip is behind them
 *     its first t and its last t          whole if the slip is between them
 *     its first and its last 2t - 1       whole if the slip is before those
 *
 * Wherever one letter is changed, lost or added, or two neighbours are swapped, one of the three is whole. Who asks
 * does not know n, which is one more or less than what it has: at most two values of t. Pure.
 */
#include "words.h"
#include <whynow/signal.h>

enum { NEAR_MIN = 9, NEAR_MAX = 200 };

static struct wn_id piece(const char *kind, struct wn_str head, struct wn_str tail)
{
	return wn_id_of("near", (struct wn_str[]){wn_str_of(kind), head, tail}, 3);
}

static void pieces(struct wn_str k, size_t t, struct wn_id out[WN_NEAR_LISTED])
{
	size_t most = 2 * t - 1;

	out[0] = piece("head", (struct wn_str){k.p, most}, WN_STR(""));
	out[1] = piece("ends", (struct wn_str){k.p, t}, (struct wn_str){k.p + k.n - t, t});
	out[2] = piece("tail", (struct wn_str){k.p, 1}, (struct wn_str){k.p + k.n - most, most});
}

static bool is_plain(struct wn_str k)
{
	for (size_t i = 0; i < k.n; i++)
		if ((uint8_t)k.p[i] >= 0x80)
			return false;
	return k.n <= NEAR_MAX;
}

size_t wn_name_near_listed(struct wn_str squeezed, struct wn_id out[WN_NEAR_LISTED])
{
	if (squeezed.n < NEAR_MIN || !is_plain(squeezed))
		return 0;
	pieces(squeezed, squeezed.n / 3, out);
	return WN_NEAR_LISTED;
}

size_t wn_name_near_asked(struct wn_str squeezed, struct wn_id out[WN_NEAR_ASKED])
{
	size_t n = 0, last = 0;

	if (squeezed.n + 1 < NEAR_MIN || !is_plain(squeezed))
		return 0;
	for (size_t listed = squeezed.n - 1; listed <= squeezed.n + 1; listed++) {
		if (listed < NEAR_MIN || listed / 3 == last)
			continue;
		last = listed / 3;
		pieces(squeezed, last, out + n);
		n += WN_NEAR_LISTED;
	}
	return n;
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Length of what both begin with. */
static size_t common_head(struct wn_str a, struct wn_str b)
{
	size_t i = 0;

	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

static bool same_from(struct wn_str a, size_t i, struct wn_str b, size_t k)
{
	return a.n - i == b.n - k && memcmp(a.p + i, b.p + k, b.n - k) == 0;
}

/* Two words that differ at `i` for the first time: one letter changed, swapped, lost or added. */
static bool slipped(struct wn_str listed, struct wn_str word, size_t i)
{
	bool here = i < listed.n, there = i < word.n;

	if ((here && !is_letter(listed.p[i])) || (there && !is_letter(word.p[i])))
		return false;
	if (here && there && same_from(listed, i + 1, word, i + 1))
		return true;
	if (here && same_from(listed, i + 1, word, i))
		return true;
	if (there && same_from(listed, i, word, i + 1))
		return true;
	return i + 1 < listed.n && i + 1 < word.n && is_letter(listed.p[i + 1]) && listed.p[i] == word.p[i + 1] &&
	       listed.p[i + 1] == word.p[i] && same_from(listed, i + 2, word, i + 2);
}

/* The next word of a normalised name, taken off its front. */
static struct wn_str next_word(struct wn_str *s)
{
	const char *blank = s->n ? memchr(s->p, ' ', s->n) : NULL;
	struct wn_str w = {s->p, blank ? (size_t)(blank - s->p) : s->n};

	s->p += w.n + (blank != NULL);
	s->n -= w.n + (blank != NULL);
	return w;
}

bool wn_name_is_near(struct wn_str listed, struct wn_str name, struct wn_str *odd)
{
	size_t letters = 0;
	bool found = false, first = true;

	while (listed.n && name.n) {
		struct wn_str a = next_word(&listed), b = next_word(&name);
		size_t i = common_head(a, b);
		letters += a.n;
		if (i < a.n || i < b.n) {
			if (found || (first && i == 0) || !slipped(a, b, i))
				return false;
			found = true;
			*odd = b;
		}
		first = false;
	}
	return found && !listed.n && !name.n && letters >= NEAR_MIN;
}

struct wn_id wn_name_word_id(struct wn_str word)
{
	return wn_id_of("near", (struct wn_str[]){WN_STR("word"), word}, 2);
}

bool wn_word_is_common(struct wn_str folded)
{
	return wn_lists_common_word(folded);
}
