/* SPDX-License-Identifier: MIT */
/* News read with the data as shipped, and data of strangers. Input: a byte that chooses, then headline, LF, body; or a file. */
#include <whynow/signal.h>
#include <whynow/text.h>

#include <stdlib.h>

static void read_text(const struct wn_news *news, struct wn_str text)
{
	struct wn_arena *a = wn_arena_new(0);
	struct wn_news_signal s[WN_NEWS_SIGNALS_MAX];
	struct wn_str clean = wn_text_repair(text, 64 << 10, a);
	const char *line = clean.n ? memchr(clean.p, '\n', clean.n) : NULL;
	struct wn_str headline = {clean.p, line ? (size_t)(line - clean.p) : clean.n};
	size_t n = wn_news_read(news, headline, (struct wn_str){clean.p + headline.n, clean.n - headline.n}, a, s, NULL);

	for (size_t i = 0; i < n; i++)
		if (!s[i].span.n || !s[i].pattern || s[i].amount.amount < 0 || s[i].amount.amount > 1e13 || !wn_text_is_utf8(s[i].company))
			abort();
	wn_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"x.words", "x.patterns", "x.technologies", "x.currencies"};
	static struct wn_news *shipped;
	struct wn_str text = {(const char *)data + 1, size - 1};

	if (size == 0)
		return 0;
	if (!shipped) {
		size_t n;
		const struct wn_news_file *files = wn_news_builtin(&n);
		if (wn_news_compile(files, n, NULL, &shipped, NULL))
			abort();
	}
	if (data[0] & 3) {
		read_text(shipped, text);
	} else {
		struct wn_news *mine = NULL;
		struct wn_err err = {0};
		struct wn_news_file file = {names[data[0] >> 2 & 3], text};
		if (wn_news_compile(&file, 1, NULL, &mine, &err) == WN_OK)
			read_text(mine, WN_STR("Acme raises $5M"));
		else if (!err.text[0])
			abort();
		wn_news_free(mine);
	}
	return 0;
}
